import { serve as serveUpload } from '../../src/upload/worker.ts';
import type { Ports } from '../../src/ports.ts';
import { parentChannel } from './channel.ts';

/** Runs the worker program: the upload's, the only one there is. */
export async function serve(ports: Ports): Promise<void> {
  serveUpload(ports, parentChannel());
}
