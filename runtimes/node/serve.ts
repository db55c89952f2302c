import { serve as serveRestore } from '../../src/restore/worker.ts';
import { serve as serveUpload } from '../../src/upload/worker.ts';
import type { Ports } from '../../src/ports.ts';
import { parentChannel, workerProgram } from './channel.ts';

const programs = { upload: serveUpload, restore: serveRestore };

/** Runs the program that this worker was started for. */
export async function serve(ports: Ports): Promise<void> {
  programs[workerProgram()](ports, parentChannel());
}
