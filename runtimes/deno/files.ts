import { constants } from 'node:fs';
import { hasRawBytes } from '../../src/bytes/name.ts';
import type { Files } from '../../src/ports.ts';
import { nodeFiles, openDescriptor, openFlags } from '../node/files.ts';
import { handleOf, statHandle } from '../node/handle.ts';
import { looksAltered } from '../node/path.ts';
import { libc } from './libc.ts';

/** Without FFI: `node:fs` as Deno has it. Lone surrogates then reach the system as U+FFFD, which fidelity tells. */
export const denoFiles: Files = libc === undefined ? nodeFiles : withLibc(libc);

function withLibc(calls: NonNullable<typeof libc>): Files {
  const stat = async (fd: number) => calls.statDescriptor(fd);
  return {
    ...nodeFiles,
    async list(path) {
      if (hasRawBytes(path)) return calls.list(path);
    },
  };
}
