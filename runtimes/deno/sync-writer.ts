import * as fs from 'node:fs';
import { hasRawBytes } from '../../src/bytes/name.ts';
import type { SyncWriter } from '../../src/ports.ts';
import { openFlags } from '../node/files.ts';
import { nodeSyncWriter } from '../node/sync-writer.ts';
import { libc } from './libc.ts';

/** Deno's own, but for exact times and names that are not UTF-8; without FFI there is none. */
export const denoSyncWriter: SyncWriter | undefined = libc && {
  ...nodeSyncWriter,
  create(path, permissions) {
    if (!hasRawBytes(path)) return nodeSyncWriter.create(path, permissions);
    return libc!.through(path, openFlags.create, (plain) => fs.openSync(plain, openFlags.update), permissions);
  },
  stat: (handle) => libc!.statDescriptor(handle),
  setTimes: (handle, mtime) => libc!.setDescriptorTimes(handle, mtime),
  rename: (from, to) =>
    hasRawBytes(from) || hasRawBytes(to) ? libc!.rename(from, to) : nodeSyncWriter.rename(from, to),
  removeFile: (path) => (hasRawBytes(path) ? libc!.removeFile(path) : nodeSyncWriter.removeFile(path)),
};
