import { workerData } from 'node:worker_threads';
import type { Ports } from '../../src/ports.ts';
import { parentChannel } from './channel.ts';

/** Runs the worker program that the starter named. */
export async function serve(ports: Ports): Promise<void> {
  const { program } = workerData as { program: string };
  const module = program === 'upload' ? import('../../src/upload/worker.ts') : import('../../src/restore/worker.ts');
  await (await module).serve(ports, parentChannel());
}
