import type { OpenedRange, Opener, SealedRange } from '../content/sealed-range.ts';
import { encodeJson } from '../bytes/json.ts';
import { CairnError } from '../errors.ts';
import { parametersToJson, type RepositoryParameters } from '../format/parameters.ts';
import type { Environment, Spawn, WorkerChannel } from '../ports.ts';
import { encodeBatch } from './whole-file-batch.ts';
import type { Batch } from './whole-file.ts';
import type { WorkerAnswer, WorkerRequest } from './worker.ts';

const MAX_WORKERS = 4;
/** Contents that this thread opens before workers are started, and bytes that count for one: they take longer to start. */
const ALONE = 2048;
const ONE = 8192;

export interface WorkersOptions {
  spawn?: Spawn;
  environment?: Pick<Environment, 'cpuCount'>;
  /** Of the repository whose contents are to be opened; without them workers only write. */
  parameters?: RepositoryParameters;
}

type Written = Extract<WorkerAnswer, { kind: 'written' }>;

interface Worker {
  channel: WorkerChannel;
  ready: boolean;
  dead: boolean;
  /** Who waits for an answer, oldest first. */
  waiting: { resolve(answer: WorkerAnswer): void; reject(error: unknown): void }[];
}

/**
 * The threads of a restore, as many as processors, four at most: they open contents and write small files. A verification
 * uses them to open. They start when something big enough asks for them, all at once.
 */
export class RestoreWorkers implements Opener {
  /** How many there are, or will be. */
  readonly count: number;
  /** Called when one has become ready. */
  onReady: () => void = () => {};
  readonly #options: WorkersOptions;
  #workers: readonly Worker[] = [];
  /** Contents that were to be opened so far. */
  #offered = 0;

  constructor(options: WorkersOptions) {
    this.#options = options;
    this.count = options.spawn === undefined ? 0 : Math.min(options.environment?.cpuCount ?? 1, MAX_WORKERS);
  }

  start(): void {
    if (this.#workers.length > 0) return;
    this.#workers = Array.from({ length: this.count }, () => this.#spawn());
  }

  isReady(number: number): boolean {
    return this.#workers[number]?.ready ?? false;
  }

  open(range: SealedRange): Promise<OpenedRange> | undefined {
    if (this.#options.parameters === undefined || this.count < 2) return undefined;
    this.#offered += range.forms.length / 4 + range.packed.byteLength / ONE;
    if (this.#offered < ALONE) return undefined;
    this.start();
    let best: Worker | undefined;
    for (const worker of this.#workers)
      if (worker.ready && (best === undefined || worker.waiting.length < best.waiting.length)) best = worker;
    if (best === undefined) return undefined;
    const answer = this.#ask(best, { kind: 'open', range }, [range.packed, range.inflated]);
    return answer.then((message) => (message as Extract<WorkerAnswer, { kind: 'opened' }>).range);
  }

  /** Rejects when the worker died. */
  write(number: number, batch: Batch): Promise<Written> {
    return this.#ask(this.#workers[number], { kind: 'write', batch: encodeBatch(batch) }, [
      batch.buffer,
    ]) as Promise<Written>;
  }

  /** Nothing may be under way. */
  close(): void {
    for (const { channel } of this.#workers) channel.close();
    this.#workers = [];
  }

  #ask(worker: Worker, request: WorkerRequest, transfer: ArrayBuffer[]): Promise<WorkerAnswer> {
    return new Promise((resolve, reject) => {
      if (worker.dead) return reject(died('it is gone'));
      worker.waiting.push({ resolve, reject });
      worker.channel.post(request, transfer);
    });
  }

  #spawn(): Worker {
    const { spawn, parameters } = this.#options;
    const channel = spawn!('restore');
    const worker: Worker = { channel, ready: false, dead: false, waiting: [] };
    channel.onError((error) => {
      worker.dead = true;
      for (const { reject } of worker.waiting.splice(0)) reject(died(error.message, error));
    });
    channel.onMessage((message) => {
      const answer = message as WorkerAnswer;
      if (answer.kind === 'ready') {
        worker.ready = true;
        return this.onReady();
      }
      const asked = worker.waiting.shift();
      if (answer.kind === 'failed') asked?.reject(died(answer.message));
      else asked?.resolve(answer);
    });
    if (parameters !== undefined)
      channel.post({ kind: 'parameters', parameters: encodeJson(parametersToJson(parameters)) });
    return worker;
  }
}

function died(why: string, cause?: Error): CairnError {
  return new CairnError('internal', `a restore worker died: ${why}`, { cause });
}
