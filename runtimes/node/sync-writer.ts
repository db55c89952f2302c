import * as fs from 'node:fs';
import type { SyncWriter } from '../../src/ports.ts';
import { openFlags } from './files.ts';
import { systemPath } from './path.ts';
import { fileStat } from './stat.ts';
import { floatSeconds } from './times.ts';

export const nodeSyncWriter: SyncWriter = {
  create: (path, permissions) => fs.openSync(systemPath(path), openFlags.create, permissions),
  write(handle, data) {
    for (let at = 0; at < data.length;) at += fs.writeSync(handle, data, at, data.length - at, at);
  },
  stat: (handle) => fileStat(fs.fstatSync(handle, { bigint: true })),
  chmod: (handle, mode) => fs.fchmodSync(handle, mode),
  chown: (handle, uid, gid) => fs.fchownSync(handle, uid, gid),
  setTimes(handle, mtime) {
    const time = floatSeconds(mtime);
    fs.futimesSync(handle, time, time);
  },
  close: (handle) => fs.closeSync(handle),
  rename: (from, to) => fs.renameSync(systemPath(from), systemPath(to)),
  removeFile: (path) => fs.unlinkSync(systemPath(path)),
};
