import { CairnError } from '../errors.ts';
import { RulesSender } from '../policy/ignore-copy.ts';
import { skipsCaches } from '../policy/ignore.ts';
import type { Clock, Spawn, WorkerChannel } from '../ports.ts';
import { branchBelow, type Branch } from './branch.ts';
import { candidateOf, lookOf, type DirectoryLook } from './directory-look.ts';
import { isLocal, type LocalEntry } from './local.ts';
import { decodeComparisons, encodePlaces, type LookAnswer, type LookRequest, type Place } from './look-messages.ts';
import { lookAt, type LookOptions } from './look.ts';
import { PreviousDirectory, readPrevious, type PreviousObject } from './previous.ts';

export interface LookAheadOptions extends LookOptions {
  clock: Clock;
  spawn: Spawn;
  threads: number;
}

/** Directories, and bytes of their earlier objects, that are looked at before the walk comes to them. */
const MOST_HELD = 1024;
const MOST_BYTES = 8 << 20;
/** A message to a thread: so many earlier bytes, about a millisecond of work, or so many directories. */
const BATCH_BYTES = 128 << 10;
const BATCH_DIRECTORIES = 32;
/** Messages that wait at a thread, so that it never starves while this one is busy. */
const BATCHES_AHEAD = 3;
/** The event loop gets a turn at least this often while threads work, milliseconds. */
const TURN = 2;

/** A directory on its way: its earlier objects are read, it waits for a thread, is there, was looked at. */
interface Step {
  key: string;
  branch: Branch;
  state: 'reading' | 'ready' | 'sent' | 'done';
  objects: readonly PreviousObject[];
  bytes: number;
  /** Absent when the owner must look when it comes there. */
  look: DirectoryLook | undefined;
}

/** Directories of one parent that nobody has looked at yet, the next one at `at`. */
interface Siblings {
  parent: Branch;
  look: DirectoryLook;
  directories: readonly LocalEntry[];
  at: number;
  key: string;
}

interface Thread {
  channel: WorkerChannel;
  rules: RulesSender;
  /** What it was given and has not answered, oldest first. */
  batches: Step[][];
  /** Given back with an answer. */
  spare: ArrayBuffer | undefined;
}

/**
 * Looks at directories before the walk comes to them, in threads and, where the walk would have to wait, in this one.
 * What is found is what a look at that moment would have found (directory-look.ts).
 */
export class LookAhead {
  readonly #options: LookAheadOptions;
  readonly #threads: readonly Thread[];
  readonly #steps = new Map<string, Step>();
  /** In the order of the walk, the next one last. */
  readonly #planned: Siblings[] = [];
  #ready: Step[] = [];
  readonly #reading = new Set<Promise<void>>();
  #bytes = 0;
  /** The key that the walk is at. */
  #passed = '';
  #turned: number;
  #failure: CairnError | undefined;
  #wake: () => void = () => {};

  constructor(options: LookAheadOptions) {
    this.#options = options;
    this.#turned = options.clock.monotonic();
    this.#threads = Array.from({ length: options.threads }, () => this.#start());
  }

  /** What is found in a directory; each can be taken once. */
  async take(branch: Branch): Promise<DirectoryLook> {
    if (this.#failure !== undefined) throw this.#failure;
    const key = keyOf(branch);
    this.#passed = key;
    await this.#turn(TURN);
    const step = this.#steps.get(key);
    if (step !== undefined) await this.#reach(step);
    if (step?.look !== undefined) {
      this.#fill();
      return step.look;
    }
    const look = await lookAt(this.#options, branch, step?.objects);
    this.#plan(branch, look);
    return look;
  }

  /** Waits until a step is done, which the walk then has taken. */
  async #reach(step: Step): Promise<void> {
    const isDone = () => step.state === 'done';
    while (!isDone()) await this.#advance(step);
    this.#steps.delete(step.key);
    this.#bytes -= step.bytes;
  }

  /** Nothing may be taken any more. */
  async close(): Promise<void> {
    for (const { channel } of this.#threads) channel.close();
    this.#planned.length = 0;
    await Promise.all(this.#reading);
  }

  /** One step nearer to a look that the walk waits for: in this thread, if there is anything to do. */
  async #advance(wanted: Step): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const step = wanted.state === 'ready' ? wanted : this.#ready.at(0);
    if (step === undefined) return new Promise((resolve) => (this.#wake = resolve));
    this.#ready.splice(this.#ready.indexOf(step), 1);
    step.state = 'done';
    try {
      const look = await lookAt(this.#options, step.branch, step.objects);
      step.look = look;
      this.#plan(step.branch, look);
    } catch (error) {
      // the same comes when the walk is there
      if (!isLocal(error)) throw error;
    }
    await this.#turn(0);
  }

  async #turn(after: number): Promise<void> {
    const { clock } = this.#options;
    if (this.#threads.every(({ batches }) => batches.length === 0) || clock.monotonic() - this.#turned < after) return;
    await clock.turn();
    this.#turned = clock.monotonic();
  }

  /** Notes the directories of a look, so that they are looked at when there is room. */
  #plan(parent: Branch, look: DirectoryLook): void {
    if (Array.isArray(look.entries)) {
      const directories = (look.entries as LocalEntry[]).filter(({ stat }) => stat?.kind === 'directory');
      this.#insert({ parent, look, directories: directories.toSorted(byName), at: 0, key: '' });
    }
    this.#fill();
  }

  /** Puts siblings where the next of them comes in the walk's order. */
  #insert(siblings: Siblings): void {
    const { parent, directories, at } = siblings;
    if (at >= directories.length) return;
    siblings.key = keyOf({ relative: `${parent.relative}/${directories[at].name}` });
    let place = this.#planned.length;
    while (place > 0 && this.#planned[place - 1].key < siblings.key) place--;
    this.#planned.splice(place, 0, siblings);
  }

  /** Begins with directories while there is room. */
  #fill(): void {
    while (this.#steps.size < MOST_HELD && this.#bytes < MOST_BYTES) {
      const siblings = this.#planned.pop();
      if (siblings === undefined) break;
      const { parent, look, directories, key } = siblings;
      const entry = directories[siblings.at++];
      this.#insert(siblings);
      if (key > this.#passed && this.#isWanted(parent, look, entry))
        this.#begin(key, branchBelow(parent, entry, look.rules, entry.previousIds!, this.#options.separator));
    }
    this.#send();
  }

  /** What the walk will not enter is left to it, and so is what has rules of its own. */
  #isWanted(
    { relative, stat, node }: Branch,
    { rules }: DirectoryLook,
    { name, path, stat: own }: LocalEntry,
  ): boolean {
    return (
      node.child(name).defined === undefined &&
      !this.#options.own.has(name, path) &&
      rules.judge(relative, candidateOf(name, own!), stat.device) === 'include'
    );
  }

  #begin(key: string, branch: Branch): void {
    const step: Step = { key, branch, state: 'reading', objects: [], bytes: 0, look: undefined };
    this.#steps.set(key, step);
    const reading = readPrevious(this.#options.contents, branch.previousIds).then((objects) => {
      this.#reading.delete(reading);
      step.objects = objects;
      for (const { bytes } of objects) step.bytes += bytes.length;
      this.#bytes += step.bytes;
      step.state = 'ready';
      this.#ready.push(step);
      this.#send();
      this.#wake();
    });
    this.#reading.add(reading);
  }

  /** Gives threads what they have room for, in the order of the walk. */
  #send(): void {
    for (let thread = this.#idlest(); this.#ready.length > 0 && thread !== undefined; thread = this.#idlest()) {
      this.#ready.sort((a, b) => (a.key < b.key ? -1 : 1));
      const batch: Step[] = [];
      for (let bytes = 0; bytes < BATCH_BYTES && batch.length < BATCH_DIRECTORIES && batch.length < this.#ready.length;)
        bytes += this.#ready[batch.push(this.#ready[batch.length]) - 1].bytes;
      this.#ready.splice(0, batch.length);
      for (const step of batch) step.state = 'sent';
      thread.batches.push(batch);
      const places = encodePlaces(
        batch.map((step) => placeOf(step, thread!.rules)),
        thread.spare,
      );
      thread.spare = undefined;
      const request: LookRequest = { kind: 'look', rules: thread.rules.take(), batch: places };
      thread.channel.post(request, [places.bytes]);
    }
  }

  #idlest(): Thread | undefined {
    let best: Thread | undefined;
    for (const thread of this.#threads)
      if (thread.batches.length < (best?.batches.length ?? BATCHES_AHEAD)) best = thread;
    return best;
  }

  #start(): Thread {
    const { spawn, own, separator } = this.#options;
    const thread: Thread = { channel: spawn('look'), rules: new RulesSender(), batches: [], spare: undefined };
    const { channel } = thread;
    channel.onError((error) => this.#fail(error.message, error));
    channel.onMessage((message) => {
      const answer = message as LookAnswer;
      if (answer.kind === 'failed') return this.#fail(answer.message);
      thread.spare = answer.bytes;
      const batch = thread.batches.shift()!;
      const paths = batch.map(({ branch }) => branch.path);
      for (const [i, comparison] of decodeComparisons(answer.found, paths, separator).entries()) {
        const step = batch[i];
        step.state = 'done';
        if (comparison === undefined) continue;
        const names = comparison.entries.map(({ name }) => name);
        const previous = () => PreviousDirectory.of(step.objects.map(({ bytes }) => bytes));
        step.look = lookOf(comparison, step.branch.rules, names, step.objects, previous);
        this.#plan(step.branch, step.look);
      }
      this.#send();
      this.#wake();
    });
    channel.post({ kind: 'start', separator, own: [...own.paths] } satisfies LookRequest);
    return thread;
  }

  #fail(why: string, cause?: Error): void {
    this.#failure ??= new CairnError('internal', `a worker that looks at directories died: ${why}`, { cause });
    this.#wake();
  }
}

function placeOf({ branch, objects }: Step, sender: RulesSender): Place {
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

/** The walk's order: a directory before what is below it, siblings by their names. */
function keyOf({ relative }: Pick<Branch, 'relative'>): string {
  return relative.replaceAll('/', '\0');
}

export function byName(a: LocalEntry, b: LocalEntry): number {
  return a.name < b.name ? -1 : 1;
}
