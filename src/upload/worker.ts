import { parseJson } from '../bytes/json.ts';
import { createContentCrypto } from '../content/crypto.ts';
import { findKey } from '../content/index/merged.ts';
import { parametersFromJson } from '../format/parameters.ts';
import { CoreKernel } from '../kernels/core.ts';
import type { Ports } from '../ports.ts';
import { decodeBatch } from './batch.ts';
import { BatchOutput, BufferPool } from './batch-output.ts';
import { Claims } from './claims.ts';
import { describeFailure } from './failure.ts';
import type { SealedBatch, StageRequest, StageResponse, StageSetup } from './messages.ts';
import { Stage } from './stage.ts';

/** The worker's side of its channel. */
export interface WorkerPort {
  post(message: unknown, transfer?: ArrayBuffer[]): void;
  onMessage(handler: (message: unknown) => void): void;
}

/** Word of an index entry that holds its deleted flag (content/index/entries.ts). */
const WORDS = 5;
const OFFSET = 1;

/** The upload worker's program: builds its own kernel and algorithms, then answers requests in order. */
export function serve(ports: Ports, port: WorkerPort): void {
  const post = (message: StageResponse, transfer?: ArrayBuffer[]) => port.post(message, transfer);
  let pool: BufferPool;
  let state: { stage: Stage; output: BatchOutput; claims: Claims } | undefined;
  let queue: Promise<void> = Promise.resolve();

  const handle = async (request: Exclude<StageRequest, { kind: 'buffer' }>) => {
    if (request.kind === 'start') {
      pool = new BufferPool(request.setup.room);
      state = await start(ports, request.setup, pool, (batch) => post({ kind: 'sealed', batch }, [batch.buffer]));
      post({ kind: 'ready' });
    } else if (request.kind === 'claims') {
      state!.claims.add(request.claims);
    } else if (request.kind === 'files') {
      const { stage, output } = state!;
      const result = await stage.batch(decodeBatch(request.batch), output).finally(() => output.flush());
      post({ kind: 'files', job: request.job, result });
    } else {
      try {
        post({ kind: 'cuts', job: request.job, result: state!.stage.cuts(request.task) });
      } catch (error) {
        post({ kind: 'cuts', job: request.job, result: { failure: describeFailure(error, request.task.path) } });
      }
    }
  };

  port.onMessage((message) => {
    const request = message as StageRequest;
    if (request.kind === 'buffer') pool.give(request.buffer);
    else
      queue = queue
        .then(() => handle(request))
        .catch((error: unknown) => {
          post({ kind: 'failed', failure: { ...describeFailure(error, 'worker'), fatal: true } });
        });
  });
}

async function start(ports: Ports, setup: StageSetup, pool: BufferPool, deliver: (batch: SealedBatch) => void) {
  const core = CoreKernel.create(await ports.wasm('core'));
  const parameters = parametersFromJson(parseJson(setup.parameters));
  const crypto = await createContentCrypto(parameters, ports, core);
  const claims = new Claims(setup.claims);
  const { keys, words, keySize, fanout } = setup.index;
  const stage = new Stage({
    core,
    crypto,
    syncFiles: ports.syncFiles!,
    compressContents: parameters.indexVersion >= 2,
    known: (key) => {
      const at = findKey(keys, keySize, fanout, key);
      if (at >= 0 && words[at * WORDS + OFFSET] < 0x8000_0000) return true;
      return !claims.claim(key.subarray(1));
    },
    stopped: () => Atomics.load(setup.stop, 0) !== 0,
    pause: () => pool.room(),
  });
  return { stage, claims, output: new BatchOutput(crypto.hasher.size, pool, deliver, setup.dense) };
}
