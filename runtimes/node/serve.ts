import type { Ports, SyncFiles } from '../../src/ports.ts';
import { parentChannel, workerProgram } from './channel.ts';

/** Runs the program that this worker was started for, and loads nothing else: most of a start is loading. */
export async function serve(syncFiles: SyncFiles, ports: () => Promise<Ports>): Promise<void> {
  const program = workerProgram();
  if (program === 'look') {
    const { serve } = await import('../../src/upload/look-worker.ts');
    serve(syncFiles, parentChannel());
  } else {
    const { serve } = await (program === 'upload'
      ? import('../../src/upload/worker.ts')
      : import('../../src/restore/worker.ts'));
    serve(await ports(), parentChannel());
  }
}
