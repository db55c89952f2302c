import * as fs from 'node:fs';
import { nameFromBytes } from '../../src/bytes/name.ts';
import { systemCode } from '../../src/errors.ts';
import type { FileListItem, SyncFiles } from '../../src/ports.ts';
import { looksAltered, nameJoin, systemPath } from './path.ts';
import { fileStat, kindOfEntry } from './stat.ts';

/** Without O_NONBLOCK a file that was replaced by a pipe would hang the walk. */
export const READ_FLAGS = fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0);

export const nodeSyncFiles: SyncFiles = {
  list(path) {
    const entries = fs.readdirSync(systemPath(path), { withFileTypes: true });
    if (entries.some((entry) => looksAltered(entry.name))) return listRaw(path);
    return entries.map((entry) => ({ name: entry.name, kind: kindOfEntry(entry) }));
  },
  lstat: (path) => fileStat(fs.lstatSync(systemPath(path), { bigint: true })),
  readLink: (path) => nameFromBytes(fs.readlinkSync(systemPath(path), 'buffer')),
  openRead: (path) => fs.openSync(systemPath(path), READ_FLAGS),
  read: (handle, into, position) => fs.readSync(handle, into, 0, into.length, position ?? null),
  close: (handle) => fs.closeSync(handle),
};

function listRaw(path: string): FileListItem[] {
  const items: FileListItem[] = [];
  for (const bytes of fs.readdirSync(systemPath(path), { encoding: 'buffer' })) {
    const name = nameFromBytes(bytes);
    try {
      items.push({ name, kind: nodeSyncFiles.lstat(nameJoin(path, name)).kind });
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error; // gone since
    }
  }
  return items;
}
