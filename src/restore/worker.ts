import type { Ports } from '../ports.ts';
import { writeBatch, type Batch, type BatchResult } from './whole-file.ts';

/** The worker's side of its channel. */
export interface WorkerPort {
  post(message: unknown, transfer?: ArrayBuffer[]): void;
  onMessage(handler: (message: unknown) => void): void;
}

/** Worker to owner: nothing in it says that the worker is ready. */
export interface BatchAnswer {
  results?: BatchResult;
  /** The batch's, to be used again. */
  buffer?: ArrayBuffer;
}

/** The restore worker's program: writes batches of small files, answers in order. */
export function serve(ports: Ports, port: WorkerPort): void {
  const answer = (message: BatchAnswer, transfer?: ArrayBuffer[]) => port.post(message, transfer);
  port.onMessage((message) => {
    const batch = message as Batch;
    answer({ results: writeBatch(ports.syncWriter!, batch), buffer: batch.buffer }, [batch.buffer]);
  });
  answer({});
}
