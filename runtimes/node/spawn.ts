import type { Spawn } from '../../src/ports.ts';
import { startWorker } from './channel.ts';
import { packageFile } from './package-file.ts';

export const nodeSpawn: Spawn = (program) => startWorker(packageFile('worker-node.js'), program);
