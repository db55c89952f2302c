// Opens a repository that index-make.mjs made and looks contents up: seconds and lookups a second.
// RUNTIME bench/index-open.mjs PROGRAM FOLDER
import { answer, args, inside, ports } from './child.mjs';

const { openRepository, openStorage } = inside;
const [folder] = args;
const storage = await openStorage({ type: 'filesystem', config: { path: folder } }, ports, {});
const start = performance.now();
const repository = await openRepository(storage, { password: 'secret' }, ports, {});
const opened = performance.now();
const { index } = repository.state.contents;
const { count } = index.entries;
let found = 0;
const LOOKUPS = count === 0 ? 0 : 200_000;
const key = new Uint8Array(index.entries.keySize);
for (let i = 0; i < LOOKUPS; i++) {
  key.set(index.entries.key((i * 7919) % count));
  if (index.find(key) >= 0) found++;
}
const looked = performance.now();
if (found !== LOOKUPS) throw new Error(`${LOOKUPS - found} contents were not found`);
answer({ count, seconds: (opened - start) / 1000, lookups: LOOKUPS / ((looked - opened) / 1000) });
process.exit(0);
