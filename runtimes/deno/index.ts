/** Ports for Deno: those of node:, and Deno's own calls where they are faster or keep more. */
import type { FileFidelity, Ports } from '../../src/ports.ts';
import { environmentOf } from '../node/environment.ts';
import { nodeFidelity, nodePorts } from '../node/index.ts';
import { denoFiles } from './files.ts';
import { libc } from './libc.ts';
import { denoNative } from './native.ts';
import { denoSpawn } from './spawn.ts';
import { denoSyncFiles } from './sync-files.ts';
import { denoSyncWriter } from './sync-writer.ts';

export { denoFiles, denoNative, denoSpawn, denoSyncFiles };

const MILLISECOND = 1_000_000;

export const denoFidelity: FileFidelity =
  libc === undefined
    ? { ...nodeFidelity, readTimeResolution: MILLISECOND, writeTimeResolution: MILLISECOND, rawNames: false }
    : { readTimeResolution: 1, writeTimeResolution: 1, rawNames: true, owners: true };

export function denoPorts(): Ports {
  return {
    ...nodePorts(),
    native: denoNative,
    files: denoFiles,
    syncFiles: denoSyncFiles,
    syncWriter: denoSyncWriter,
    fidelity: denoFidelity,
    spawn: denoSpawn,
    environment: environmentOf('deno', Deno.version.deno),
  };
}
