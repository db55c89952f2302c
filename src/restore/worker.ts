import { parseJson } from '../bytes/json.ts';
import { createContentCrypto, type ContentCrypto } from '../content/crypto.ts';
import { openRange, type OpenedRange, type SealedRange } from '../content/sealed-range.ts';
import { parametersFromJson } from '../format/parameters.ts';
import { CoreKernel } from '../kernels/core.ts';
import type { Ports } from '../ports.ts';
import { decodeBatch, type EncodedBatch } from './whole-file-batch.ts';
import { writeBatch, type BatchResult } from './whole-file.ts';

/** The worker's side of its channel. */
export interface WorkerPort {
  post(message: unknown, transfer?: ArrayBuffer[]): void;
  onMessage(handler: (message: unknown) => void): void;
}

/** Owner to worker. `parameters` come once, before anything is to be opened. */
export type WorkerRequest =
  | { kind: 'parameters'; parameters: string }
  | { kind: 'write'; batch: EncodedBatch }
  | { kind: 'open'; range: SealedRange };

/** Worker to owner: that it is ready, then an answer to each batch and each range, in order. */
export type WorkerAnswer =
  | { kind: 'ready' }
  | { kind: 'written'; results: BatchResult; buffer: ArrayBuffer }
  | { kind: 'opened'; range: OpenedRange }
  | { kind: 'failed'; message: string };

/** The restore worker's program: opens contents and writes batches of small files. */
export function serve(ports: Ports, port: WorkerPort): void {
  const post = (message: WorkerAnswer, transfer?: ArrayBuffer[]) => port.post(message, transfer);
  let parameters = '';
  let crypto: Promise<ContentCrypto> | undefined;
  let queue: Promise<void> = Promise.resolve();

  const handle = async (request: WorkerRequest) => {
    if (request.kind === 'parameters') parameters = request.parameters;
    else if (request.kind === 'write') {
      const { buffer } = request.batch;
      post({ kind: 'written', results: writeBatch(ports.syncWriter!, decodeBatch(request.batch)), buffer }, [buffer]);
    } else {
      crypto ??= makeCrypto(ports, parameters);
      const range = await openRange(await crypto, request.range);
      post({ kind: 'opened', range }, [range.packed, range.inflated]);
    }
  };

  port.onMessage((message) => {
    queue = queue
      .then(() => handle(message as WorkerRequest))
      .catch((error: unknown) => post({ kind: 'failed', message: (error as Error).message }));
  });
  post({ kind: 'ready' });
}

async function makeCrypto(ports: Ports, parameters: string): Promise<ContentCrypto> {
  const core = CoreKernel.create(await ports.wasm('core'));
  return createContentCrypto(parametersFromJson(parseJson(parameters)), ports, core);
}
