import { type MessagePort, Worker, parentPort, workerData } from 'node:worker_threads';
import { CairnError } from '../../src/errors.ts';
import type { WorkerChannel, WorkerProgram } from '../../src/ports.ts';

/** Megabytes; AEAD output is garbage at once, and a large young generation would keep a hundred of them. */
const YOUNG_GENERATION = 4;

/** Starts a worker; a message posted before it is ready waits for it. */
export function startWorker(entry: URL, program: WorkerProgram): WorkerChannel {
  const worker = new Worker(entry, {
    workerData: { program },
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION },
  });
  let closed = false;
  return {
    ...channelOf(worker),
    onError(handler) {
      worker.on('error', handler);
      worker.on('messageerror', handler);
      worker.on('exit', (code) => {
        if (!closed) handler(new CairnError('internal', `a worker ended unexpectedly (${code})`));
      });
    },
    close() {
      closed = true;
      void worker.terminate();
    },
  };
}

/** What this worker was started for. */
export function workerProgram(): WorkerProgram {
  return (workerData as { program: WorkerProgram }).program;
}

/** The worker's own end. */
export function parentChannel(): WorkerChannel {
  if (parentPort === null) throw new CairnError('internal', 'this program runs only as a worker');
  const port: MessagePort = parentPort;
  return {
    ...channelOf(port),
    onError: (handler) => void port.on('messageerror', handler),
    close: () => port.close(),
  };
}

function channelOf(port: MessagePort | Worker): Pick<WorkerChannel, 'post' | 'onMessage'> {
  return {
    post: (message, transfer = []) => port.postMessage(message, transfer),
    onMessage: (handler) => void port.on('message', handler),
  };
}
