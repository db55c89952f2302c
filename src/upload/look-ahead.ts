import { isObjectId } from '../object/id.ts';
import type { Clock } from '../ports.ts';
import { branchBelow, type Branch } from './branch.ts';
import { candidateOf, type DirectoryLook } from './directory-look.ts';
import { byName, isLocal, type LocalEntry } from './local.ts';
import { LookThreads, type LookThreadsOptions, type Prepared } from './look-threads.ts';
import { lookAt, type LookOptions } from './look.ts';
import { readPrevious } from './previous.ts';

export interface LookAheadOptions extends LookOptions, LookThreadsOptions {
  clock: Clock;
}

/** Directories, and bytes of their earlier objects, that are looked at before the walk comes to them. */
const MOST_HELD = 256;
const MOST_BYTES = 4 << 20;
/** Larger directories are left to the walk. */
const LARGEST = 2 << 20;
/** Directories that are not as they were, beyond a quarter of the others, from which on it is better to look when there. */
const PATIENCE = 16;
/** The event loop gets a turn at least this often while threads work, milliseconds. */
const TURN = 2;

/** A directory on its way: its earlier objects are read, it waits for a thread, is there, was looked at. */
interface Step extends Prepared {
  key: string;
  state: 'reading' | 'ready' | 'sent' | 'done';
  /** Absent when the walk must look when it comes there. */
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

/**
 * Looks at directories before the walk comes to them, in threads and, where the walk would have to wait, in this one.
 * What is found is what a look at that moment would have found (directory-look.ts).
 */
export class LookAhead {
  readonly #options: LookAheadOptions;
  readonly #threads: LookThreads<Step>;
  readonly #steps = new Map<string, Step>();
  /** In the order of the walk, the next one last. */
  readonly #planned: Siblings[] = [];
  #ready: Step[] = [];
  readonly #reading = new Set<Promise<void>>();
  #bytes = 0;
  /** The key that the walk is at. */
  #passed = '';
  #kept = 0;
  #changed = 0;
  #turned: number;
  #wake: () => void = () => {};

  constructor(options: LookAheadOptions) {
    this.#options = options;
    this.#turned = options.clock.monotonic();
    this.#threads = new LookThreads<Step>(
      options,
      (step, look) => this.#looked(step, look),
      () => {
        this.#send();
        this.#wake();
      },
    );
  }

  /** What is found in a directory; each can be taken once. */
  async take(branch: Branch): Promise<DirectoryLook> {
    if (this.#threads.failure !== undefined) throw this.#threads.failure;
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

  /** Nothing may be taken any more. */
  async close(): Promise<void> {
    this.#threads.close();
    this.#planned.length = 0;
    await Promise.all(this.#reading);
  }

  /** Waits until a step is done, which the walk then has taken. */
  async #reach(step: Step): Promise<void> {
    const isDone = () => step.state === 'done';
    while (!isDone()) await this.#advance(step);
    this.#steps.delete(step.key);
    this.#bytes -= step.bytes;
  }

  /** One step nearer to a look that the walk waits for: in this thread, if there is anything to do. */
  async #advance(wanted: Step): Promise<void> {
    if (this.#threads.failure !== undefined) throw this.#threads.failure;
    const step = wanted.state === 'ready' ? wanted : this.#ready.at(0);
    if (step === undefined) return new Promise((resolve) => (this.#wake = resolve));
    this.#ready.splice(this.#ready.indexOf(step), 1);
    try {
      this.#looked(step, await lookAt(this.#options, step.branch, step.objects));
    } catch (error) {
      // the same comes when the walk is there
      if (!isLocal(error)) throw error;
      this.#looked(step, undefined);
    }
    await this.#turn(0);
  }

  #looked(step: Step, look: DirectoryLook | undefined): void {
    step.state = 'done';
    step.look = look;
    if (look?.kept === undefined) this.#changed++;
    else this.#kept++;
    if (look !== undefined) this.#plan(step.branch, look);
    if (!this.#threads.areClosed && this.#changed > PATIENCE + this.#kept / 4) this.#giveUp();
  }

  /** Much has changed: what is told about entries that are read anyway costs more than it saves. */
  #giveUp(): void {
    this.#threads.close();
    this.#planned.length = 0;
    for (const step of this.#steps.values()) if (step.state === 'sent') step.state = 'done';
    this.#wake();
  }

  async #turn(after: number): Promise<void> {
    const { clock } = this.#options;
    if (!this.#threads.areBusy || clock.monotonic() - this.#turned < after) return;
    await clock.turn();
    this.#turned = clock.monotonic();
  }

  /** Notes the directories of a look, so that they are looked at when there is room. */
  #plan(parent: Branch, look: DirectoryLook): void {
    if (Array.isArray(look.entries) && !this.#threads.areClosed) {
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
      const bytes = this.#sizeOf(entry.previousIds!);
      if (bytes === undefined || key <= this.#passed || !this.#isWanted(parent, look, entry)) continue;
      this.#begin(key, branchBelow(parent, entry, look.rules, entry.previousIds!, this.#options.separator), bytes);
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
      !this.#options.own.has(path) &&
      rules.judge(relative, candidateOf(name, own!), stat.device) === 'include'
    );
  }

  /** Bytes of earlier directory objects; undefined where there are none, or too many to have them ahead. */
  #sizeOf(ids: readonly string[]): number | undefined {
    let bytes = 0;
    for (const id of ids) {
      const info = id.startsWith('k') && isObjectId(id) ? this.#options.contents.info(id) : undefined;
      bytes += info?.originalLength ?? Infinity;
    }
    return bytes > 0 && bytes <= LARGEST ? bytes : undefined;
  }

  #begin(key: string, branch: Branch, bytes: number): void {
    const step: Step = { key, branch, state: 'reading', objects: [], bytes, look: undefined };
    this.#steps.set(key, step);
    this.#bytes += bytes;
    const reading = readPrevious(this.#options.contents, branch.previousIds).then((objects) => {
      this.#reading.delete(reading);
      step.objects = objects;
      step.state = 'ready';
      this.#ready.push(step);
      this.#send();
      this.#wake();
    });
    this.#reading.add(reading);
  }

  /** Gives threads what they have room for, in the order of the walk. */
  #send(): void {
    while (this.#ready.length > 0 && this.#threads.haveRoom) {
      this.#ready.sort((a, b) => (a.key < b.key ? -1 : 1));
      const sent = this.#threads.send(this.#ready);
      for (const step of sent) step.state = 'sent';
      this.#ready.splice(0, sent.length);
    }
  }
}

/** The walk's order: a directory before what is below it, siblings by their names. */
function keyOf({ relative }: Pick<Branch, 'relative'>): string {
  return relative.replaceAll('/', '\0');
}
