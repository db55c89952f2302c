// Makes a repository whose index names COUNT contents, spread over FILES index blobs; there are no packs.
// RUNTIME bench/index-make.mjs PROGRAM FOLDER COUNT FILES
import { answer, args, inside, ports } from './child.mjs';

const { EntryList, createRepository, openStorage, sealNamedBlob, writeIndex } = inside;
const [folder, ...numbers] = args;
const [count, files] = numbers.map(Number);
const storage = await openStorage({ type: 'filesystem', config: { path: folder } }, ports, { create: true });
const repository = await createRepository(storage, 'secret', ports, { identity: { user: 'ann', host: 'alpha' } });
const { crypto } = repository.state.contents;
const keySize = crypto.hasher.size + 1;
const PER_PACK = 1000;
const now = 1_700_000_000;

const packName = (number) => 'p' + number.toString(16).padStart(32, '0') + '-s0123456789abcdef000';
for (let file = 0; file < files; file++) {
  const mine = Math.ceil((count - file) / files);
  const list = new EntryList(keySize, undefined, Math.max(1, mine));
  const format = list.names.format(0, 3);
  const key = new Uint8Array(keySize);
  const view = new DataView(key.buffer);
  let state = (file + 1) * 0x9e3779b1;
  for (let i = 0; i < mine; i++) {
    // in key order and without repeats: the first four bytes are the rank among all, the others random
    view.setUint32(1, Math.floor(((i * files + file) * 2 ** 32) / count));
    for (let at = 5; at + 4 <= keySize; at += 4) {
      state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5;
      view.setUint32(at, state >>> 0);
    }
    const pack = list.names.pack(packName(file * 1_000_000 + Math.floor(i / PER_PACK)));
    list.push(key, now + (i % 1000), (i % PER_PACK) * 20_000, false, 20_028, 20_000, pack, format);
  }
  const order = new Uint32Array(list.count);
  for (let i = 0; i < order.length; i++) order[i] = i;
  const plain = writeIndex(list, order, 2);
  const { id, data } = await sealNamedBlob(crypto, '', `s${file.toString(16).padStart(16, '0')}000-c1`, plain);
  await storage.put(`xn0_${id}`, data);
}
answer({ count, files });
process.exit(0);
