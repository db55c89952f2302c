import * as fs from 'node:fs';
import { nameFromBytes } from '../../src/bytes/name.ts';
import type { SyncFiles } from '../../src/ports.ts';
import { looksAltered, systemPath } from './path.ts';
import { fileStat } from './stat.ts';

/** Without O_NONBLOCK a file that was replaced by a pipe would hang the walk. */
export const READ_FLAGS = fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0);

export const nodeSyncFiles: SyncFiles = {
  names(path) {
    const names = fs.readdirSync(systemPath(path));
    if (!names.some(looksAltered)) return names;
    return fs.readdirSync(systemPath(path), { encoding: 'buffer' }).map(nameFromBytes);
  },
  lstat: (path) => fileStat(fs.lstatSync(systemPath(path), { bigint: true })),
  readLink: (path) => nameFromBytes(fs.readlinkSync(systemPath(path), 'buffer')),
  openRead: (path) => fs.openSync(systemPath(path), READ_FLAGS),
  read: (handle, into, position) => fs.readSync(handle, into, 0, into.length, position ?? null),
  close: (handle) => fs.closeSync(handle),
};
