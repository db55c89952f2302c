/** Ports for Node.js; Deno and Bun start from these and replace what they do better. */
import process from 'node:process';
import type { FileFidelity, Ports } from '../../src/ports.ts';
import { clock } from './clock.ts';
import { environmentOf } from './environment.ts';
import { nodeFiles } from './files.ts';
import { nodeNative } from './native.ts';
import { random } from './random.ts';
import { nodeSpawn } from './spawn.ts';
import { nodeSyncFiles } from './sync-files.ts';
import { nodeSyncWriter } from './sync-writer.ts';
import { subprocess } from './subprocess.ts';
import { terminal } from './terminal.ts';
import { wasm } from './wasm.ts';

export { clock, nodeFiles, nodeNative, nodeSpawn, nodeSyncFiles, nodeSyncWriter, random, terminal, wasm };

const posix = process.platform !== 'win32';

/** Measured: `utimes` cuts to microseconds on Node 20, and is within 240 ns on Node 26. */
export const nodeFidelity: FileFidelity = {
  readTimeResolution: posix ? 1 : 100,
  writeTimeResolution: 1000,
  rawNames: posix,
  owners: posix,
};

export function nodePorts(): Ports {
  return {
    clock,
    random,
    wasm,
    native: nodeNative,
    files: nodeFiles,
    syncFiles: nodeSyncFiles,
    syncWriter: nodeSyncWriter,
    fidelity: nodeFidelity,
    spawn: nodeSpawn,
    fetch: (input, init) => globalThis.fetch(input, init), // Node loads its fetch at the first look at it
    environment: environmentOf('node', process.versions.node),
    terminal,
    subprocess,
  };
}
