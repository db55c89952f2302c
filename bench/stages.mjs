// Seconds of each stage of a backup in one thread over one big file, each with all the stages before it; then the whole
// pipeline into a storage that keeps nothing. RUNTIME bench/stages.mjs PROGRAM FILE
import { dirname } from 'node:path';
import { answer, args, inside, ports } from './child.mjs';

const { InlineExecutor, MemoryStorage, createRepository, takeSnapshot } = inside;
const [path] = args;
const { syncFiles } = ports;
const bytes = syncFiles.lstat(path).size;

/** Takes packs and forgets all but their length. */
class Sink extends MemoryStorage {
  #lengths = new Map();

  async put(id, data, options) {
    if (!id.startsWith('p')) return super.put(id, data, options);
    const pieces = data instanceof Uint8Array ? [data] : [...data];
    this.#lengths.set(
      id,
      pieces.reduce((sum, piece) => sum + piece.length, 0),
    );
    return this.stat(id);
  }

  async stat(id) {
    const length = this.#lengths.get(id);
    return length === undefined ? super.stat(id) : { id, length, timestamp: 0n };
  }
}

const ROUNDS = 3;
const identity = { user: 'ann', host: 'alpha' };
const repository = await createRepository(new Sink(), 'secret', ports, { identity });
const { core, contents, format } = repository.state;
const splitter = format.parameters.splitter;
const executor = (known) =>
  new InlineExecutor(
    {
      core,
      crypto: contents.crypto,
      syncFiles,
      compressContents: true,
      known: () => known,
      stopped: () => false,
    },
    format.parameters,
    true,
    (_batch, release) => release(),
  );

async function timed(work) {
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    await work();
    best = Math.min(best, performance.now() - start);
  }
  return best / 1000;
}

const task = { path, offset: 0, splitter, compression: 0 };
const seconds = {};
seconds.read = await timed(() => {
  const handle = syncFiles.openRead(path);
  const into = core.memory.subarray(core.contentAddress, core.contentAddress + (256 << 10));
  for (let at = 0, read = 1; read > 0; at += read) read = syncFiles.read(handle, into, at);
  syncFiles.close(handle);
});
seconds['+ split'] = await timed(async () => {
  const one = executor(true);
  for (let offset = 0, end = false; !end;) {
    const cut = await one.cuts({ ...task, offset });
    for (const length of cut.lengths) offset += length;
    end = cut.end;
  }
});
seconds['+ hash'] = await timed(() => executor(true).files([task]));
seconds['+ encrypt'] = await timed(() => executor(false).files([task]));
for (const workers of [0, 2]) {
  const sessions = [];
  for (let round = 0; round < ROUNDS; round++)
    sessions.push((await createRepository(new Sink(), 'secret', ports, { identity })).writeSession());
  const folder = dirname(path);
  seconds[`whole, ${workers === 0 ? 'no worker' : `${workers} workers`}`] = await timed(async () => {
    const session = sessions.pop();
    await takeSnapshot(session, { workers, path: folder, source: { host: 'alpha', userName: 'ann', path: folder } });
    await session.close();
  });
}
answer({ bytes, seconds });
process.exit(0);
