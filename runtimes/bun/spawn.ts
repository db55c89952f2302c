import type { Spawn } from '../../src/ports.ts';
import { startWorker } from '../node/channel.ts';
import { packageFile } from '../node/package-file.ts';

export const bunSpawn: Spawn = (program) => startWorker(packageFile('worker-bun.js'), program);
