/** The top-level commands. Only the selected one's table is loaded. */
import type { CommandTable } from '../table.ts';

export interface Group {
  name: string;
  aliases?: readonly string[];
  hidden?: boolean;
  load(): Promise<CommandTable>;
}

const group = (
  name: string,
  load: Group['load'],
  more: { aliases?: readonly string[]; hidden?: boolean } = {},
): Group => ({ name, load, ...more });

export const groups: readonly Group[] = [
  group('backup', async () => (await import('./backup.ts')).table),
  group('repository', async () => (await import('./repository.ts')).table, { aliases: ['repo'] }),
  group('snapshot', async () => (await import('./snapshot.ts')).table, { aliases: ['snap'] }),
  group('restore', async () => (await import('./restore.ts')).table),
  group('list', async () => (await import('./objects.ts')).list, { aliases: ['ls'] }),
  group('show', async () => (await import('./objects.ts')).show, { aliases: ['cat'] }),
  group('diff', async () => (await import('./objects.ts')).diff, { aliases: ['compare'] }),
  group('find', async () => (await import('./find.ts')).table),
  group('policy', async () => (await import('./policy.ts')).table, { aliases: ['policies'] }),
  group('cache', async () => (await import('./cache.ts')).table, { hidden: true }),
  group('blob', async () => (await import('./blob.ts')).table, { hidden: true }),
  group('content', async () => (await import('./content.ts')).table, { aliases: ['contents'], hidden: true }),
  group('index', async () => (await import('./index-blobs.ts')).table, { hidden: true }),
  group('manifest', async () => (await import('./manifest.ts')).table, { hidden: true }),
  group('logs', async () => (await import('./logs.ts')).logs, { aliases: ['log'], hidden: true }),
  group('session', async () => (await import('./logs.ts')).session, { hidden: true }),
  group('repair', async () => (await import('./repair.ts')).table),
  group('benchmark', async () => (await import('./benchmark.ts')).table),
  group('completion', async () => (await import('./completion.ts')).table),
];

export function findGroup(name: string): Group | undefined {
  return groups.find((entry) => entry.name === name || entry.aliases?.includes(name));
}
