// Calls and bytes against storage for a tree: first backup, the same again, opening, restore.
// RUNTIME bench/requests.mjs PROGRAM TREE TARGET
import { answer, args, inside, ports } from './child.mjs';

const { LocalTarget, MemoryStorage, MetricsStorage, createRepository, openRepository, restoreEntry, takeSnapshot } =
  inside;
const [tree, target] = args;
const identity = { user: 'ann', host: 'alpha' };
const memory = new MemoryStorage();
const source = { host: 'alpha', userName: 'ann', path: tree };
const result = {};

async function counted(name, work) {
  const storage = new MetricsStorage(memory);
  const value = await work(storage);
  const { counts } = storage;
  const sum = (key, ...methods) => methods.reduce((total, method) => total + (counts[method]?.[key] ?? 0), 0);
  result[name] = {
    gets: sum('calls', 'get'),
    bytesRead: sum('bytes', 'get'),
    puts: sum('calls', 'put', 'commit'),
    bytesWritten: sum('bytes', 'put', 'append'),
    lists: sum('calls', 'list'),
    other: sum('calls', 'stat', 'delete', 'extendRetention', 'flushCaches'),
  };
  return value;
}

const backup = async (storage) => {
  const session = (await openRepository(storage, { password: 'secret' }, ports, { identity })).writeSession();
  const snapshot = await takeSnapshot(session, { path: tree, source });
  await session.close();
  return snapshot;
};
await createRepository(memory, 'secret', ports, { identity });
const snapshot = await counted('backup', backup);
await counted('unchanged', backup);
await counted('open', (storage) => openRepository(storage, { password: 'secret' }, ports, { identity }));
await counted('restore', async (storage) => {
  const repository = await openRepository(storage, { password: 'secret' }, ports, { identity });
  await restoreEntry(repository.objects, snapshot.rootEntry, new LocalTarget(ports.files, target, {}), {});
});
answer(result);
process.exit(0);
