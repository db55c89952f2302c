import { modeText } from '../../bytes/mode.ts';
import { compareNames } from '../../bytes/name.ts';
import { CairnError } from '../../errors.ts';
import { entryKind, entrySize, entryToJson, type DirEntry } from '../../snapshot/entry.ts';
import { resolveEntryPath } from '../../snapshot/resolve.ts';
import { openDirectory } from '../../snapshot/walk.ts';
import type { ObjectContents } from '../../object/open.ts';
import { withRepository } from '../connection.ts';
import type { Context } from '../context.ts';
import { JsonList } from '../output/json-list.ts';
import { storedOf } from './stored.ts';

export async function run(context: Context): Promise<void> {
  const { args, flags } = context;
  await withRepository(context, async ({ repository }) => {
    const stored = storedOf(repository);
    const { entry } = await resolveEntryPath(stored, args[0]);
    if (entry.type !== 'd')
      throw new CairnError(
        'not-a-directory',
        `unable to get filesystem directory entry: ${args[0]} is not a directory object`,
        {
          hint: `'cairn show ${args[0]}' prints a file`,
        },
      );
    // Without -l names alone would be ambiguous, so they begin with the path that was given.
    const list = context.json ? new JsonList(context.console, context.jsonIndent) : undefined;
    const prefix =
      flags.bool('recursive') && !flags.bool('long') && list === undefined ? args[0].replace(/\/*$/, '/') : '';
    await listDirectory(context, stored.contents, entry.objectId, prefix, list);
    await list?.end();
  });
}

async function listDirectory(
  context: Context,
  contents: ObjectContents,
  objectId: string,
  prefix: string,
  list: JsonList | undefined,
): Promise<void> {
  const { flags, console, signal } = context;
  const recursive = flags.bool('recursive');
  const { entries, summary } = await openDirectory(contents, objectId);
  for (const entry of entries.toSorted((a, b) => compareNames(a.name, b.name))) {
    signal.throwIfAborted();
    if (list === undefined) await console.line(entryLine(context, entry, prefix));
    else await list.add({ schema: 1, path: prefix + entry.name, entry: entryToJson(entry) });
    if (recursive && entry.type === 'd')
      await listDirectory(context, contents, entry.objectId, `${prefix}${entry.name}/`, list);
  }
  if (!flags.bool('error-summary')) return;
  for (const { path, error } of summary?.errors ?? []) console.error(`could not back up ${prefix}${path}: ${error}`);
}

function entryLine({ flags, console, times, size }: Context, entry: DirEntry, prefix: string): string {
  const kind = entryKind(entry);
  const long = flags.bool('long');
  const isDirectory = kind === 'directory';
  const failed = entry.summary?.numFailed ?? 0;
  const errors = failed > 0 && flags.bool('error-summary') ? ' ' + console.paint('red', `(${failed} errors)`) : '';
  const slash = isDirectory && (long || flags.bool('recursive')) ? '/' : '';
  const name = `${prefix}${entry.name}${slash}${errors}`;
  if (long) {
    const bytes = flags.bool('human-readable') ? size(entrySize(entry)) : String(entrySize(entry));
    // Like Kopia, a folder shows the newest time below it.
    const time = times.text(isDirectory ? (entry.summary?.maxTime ?? entry.mtime) : entry.mtime);
    return `${modeText(kind, entry.mode)} ${bytes.padStart(12)} ${time} ${entry.objectId.padEnd(34)} ${name}`;
  }
  return flags.bool('show-object-id') ? `${entry.objectId.padEnd(34)} ${name}` : name;
}
