/** Ports for Bun: those of node:, and Bun's own where they are faster or keep more. It has no ChaCha20-Poly1305. */
import type { FileFidelity, Native, Ports } from '../../src/ports.ts';
import { nodeFidelity, nodeNative, nodePorts } from '../node/index.ts';
import { plainBytes } from '../node/native.ts';
import { bunEnvironment } from './environment.ts';
import { bunFiles, bunSyncWriter, exactTimes } from './files.ts';
import { bunSpawn } from './spawn.ts';

export { bunFiles, bunSpawn };

export const bunNative: Native = {
  ...nodeNative,
  zstdCompress: (data, level) => plainBytes(Bun.zstdCompressSync(data, { level })),
};

export const bunFidelity: FileFidelity = {
  ...nodeFidelity,
  writeTimeResolution: exactTimes ? 1 : nodeFidelity.writeTimeResolution,
};

export function bunPorts(): Ports {
  return {
    ...nodePorts(),
    native: bunNative,
    files: bunFiles,
    syncWriter: bunSyncWriter,
    fidelity: bunFidelity,
    spawn: bunSpawn,
    environment: bunEnvironment(),
  };
}
