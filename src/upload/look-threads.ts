import { CairnError } from '../errors.ts';
import { RulesSender } from '../policy/ignore-copy.ts';
import { skipsCaches } from '../policy/ignore.ts';
import type { Spawn, WorkerChannel } from '../ports.ts';
import type { Branch } from './branch.ts';
import { lookOf, type DirectoryLook } from './directory-look.ts';
import type { OwnPaths } from './local.ts';
import { decodeComparisons, encodePlaces, type LookAnswer, type LookRequest, type Place } from './look-messages.ts';
import { PreviousDirectory, type PreviousObject } from './previous.ts';

export interface LookThreadsOptions {
  spawn: Spawn;
  threads: number;
  separator: string;
  own: OwnPaths;
}

/** A directory to look at, its earlier objects read. */
export interface Prepared {
  branch: Branch;
  objects: readonly PreviousObject[];
  bytes: number;
}

/** A message to a thread: so many earlier bytes, about a millisecond of work, or so many directories. */
const BATCH_BYTES = 128 << 10;
const BATCH_DIRECTORIES = 32;
/** Messages that wait at a thread, so that it never starves while this one is busy. */
const BATCHES_AHEAD = 3;

interface Thread<T> {
  channel: WorkerChannel;
  rules: RulesSender;
  /** What it was given and has not answered, oldest first. */
  batches: T[][];
  /** Given back with an answer. */
  spare: ArrayBuffer | undefined;
}

/** Threads that look at directories (look-worker.ts). */
export class LookThreads<T extends Prepared> {
  readonly #options: LookThreadsOptions;
  readonly #threads: readonly Thread<T>[];
  readonly #looked: (item: T, look: DirectoryLook | undefined) => void;
  readonly #changed: () => void;
  #closed = false;
  /** Why no more is to be expected of them. */
  failure: CairnError | undefined;

  /** `looked`: what was found, if not this thread has to look; `changed`: after some of it, or a failure. */
  constructor(
    options: LookThreadsOptions,
    looked: (item: T, look: DirectoryLook | undefined) => void,
    changed: () => void,
  ) {
    this.#options = options;
    this.#looked = looked;
    this.#changed = changed;
    this.#threads = Array.from({ length: options.threads }, () => this.#start());
  }

  get areBusy(): boolean {
    return this.#threads.some(({ batches }) => batches.length > 0);
  }

  get areClosed(): boolean {
    return this.#closed;
  }

  get haveRoom(): boolean {
    return this.#idlest() !== undefined;
  }

  /** Takes the first of them to the thread with the least to do; gives what it took. */
  send(items: readonly T[]): readonly T[] {
    const thread = this.#idlest();
    if (thread === undefined) return [];
    let count = 0;
    for (let bytes = 0; bytes < BATCH_BYTES && count < BATCH_DIRECTORIES && count < items.length;)
      bytes += items[count++].bytes;
    const batch = items.slice(0, count);
    thread.batches.push(batch);
    const places = encodePlaces(
      batch.map((item) => placeOf(item, thread.rules)),
      thread.spare,
    );
    thread.spare = undefined;
    const request: LookRequest = { kind: 'look', rules: thread.rules.take(), batch: places };
    thread.channel.post(request, [places.bytes]);
    return batch;
  }

  /** What they were given is not answered any more. */
  close(): void {
    this.#closed = true;
    for (const thread of this.#threads) {
      thread.channel.close();
      thread.batches = [];
    }
  }

  #idlest(): Thread<T> | undefined {
    if (this.#closed) return undefined;
    let best: Thread<T> | undefined;
    for (const thread of this.#threads)
      if (thread.batches.length < (best?.batches.length ?? BATCHES_AHEAD)) best = thread;
    return best;
  }

  #start(): Thread<T> {
    const { spawn, own, separator } = this.#options;
    const channel = spawn('look');
    const thread: Thread<T> = { channel, rules: new RulesSender(), batches: [], spare: undefined };
    channel.onError((error) => this.#fail(error.message, error));
    channel.onMessage((message) => this.#receive(thread, message as LookAnswer));
    channel.post({ kind: 'start', separator, own: [...own.paths] } satisfies LookRequest);
    return thread;
  }

  #receive(thread: Thread<T>, answer: LookAnswer): void {
    if (this.#closed) return;
    if (answer.kind === 'failed') return this.#fail(answer.message);
    thread.spare = answer.bytes;
    const batch = thread.batches.shift()!;
    const paths = batch.map(({ branch }) => branch.path);
    for (const [i, comparison] of decodeComparisons(answer.found, paths, this.#options.separator).entries()) {
      const item = batch[i];
      const names = comparison?.entries.map(({ name }) => name);
      const previous = () => PreviousDirectory.of(item.objects.map(({ bytes }) => bytes));
      this.#looked(item, comparison && lookOf(comparison, item.branch.rules, names!, item.objects, previous));
    }
    this.#changed();
  }

  #fail(why: string, cause?: Error): void {
    if (this.#closed) return;
    this.failure ??= new CairnError('internal', `a worker that looks at directories died: ${why}`, { cause });
    this.#changed();
  }
}

function placeOf({ branch, objects }: Prepared, sender: RulesSender): Place {
  const { path, relative, stat, node, rules } = branch;
  return {
    path,
    relative,
    device: stat.device,
    rules: sender.number(rules),
    skipsCaches: skipsCaches(node),
    objects: objects.map(({ bytes }) => bytes),
  };
}
