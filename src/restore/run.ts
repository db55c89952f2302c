import type { Opener } from '../content/sealed-range.ts';
import { CairnError } from '../errors.ts';
import type { DirEntry } from '../snapshot/entry.ts';
import { asError, throwIfCanceled } from '../snapshot/walk.ts';
import { emptyRestoreStats, type RestoreStats } from './stats.ts';
import type { RestoreTarget } from './target.ts';

/** Entries that are only hinted at: a shallow restore. */
export interface PlaceholderRule {
  standsFor(path: string, entry: DirEntry): boolean;
  write(path: string, entry: DirEntry): Promise<void>;
}

export interface RestoreOptions {
  /** Goes on after errors and counts them; a full disk, a cancellation and a dead worker still end the run. */
  ignoreErrors?: boolean;
  /** Called after each entry. */
  onProgress?: (stats: RestoreStats) => void;
  signal?: AbortSignal;
  placeholders?: PlaceholderRule;
  /** Threads that open contents, where there are many. */
  opener?: Opener;
}

const MAX_ERRORS = 1000;
/** Errors that are not an entry's own. */
const ENDS = new Set<string>(['no-space', 'canceled', 'internal']);

/** What the parts of one restore share: its numbers, its errors, its end, and the work that runs beside. */
export class RestoreRun {
  readonly stats = emptyRestoreStats();
  readonly #target: Pick<RestoreTarget, 'counters'>;
  readonly #options: RestoreOptions;
  /** Work in the background, and who waits for some of it. */
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  #fatal: Error | undefined;

  constructor(target: Pick<RestoreTarget, 'counters'>, options: RestoreOptions) {
    this.#target = target;
    this.#options = options;
  }

  /** The error that ends the run: the first that is not ignored. */
  get fatal(): Error | undefined {
    return this.#fatal;
  }

  stop(error: unknown): void {
    this.#fatal ??= asError(error);
  }

  /** Throws when the run has come to its end. */
  check(): void {
    if (this.#fatal !== undefined) throw this.#fatal;
    throwIfCanceled(this.#options.signal);
  }

  /** Counts an error, or makes it the end of the run. */
  fail(path: string, error: Error): void {
    const code = error instanceof CairnError ? error.code : 'io';
    if (!this.#options.ignoreErrors || ENDS.has(code)) {
      this.stop(code === 'canceled' ? error : withPath(path, error));
      return;
    }
    this.stats.errorCount++;
    if (this.stats.errors.length < MAX_ERRORS) this.stats.errors.push({ path, code, message: error.message });
    this.progress();
  }

  progress(): void {
    Object.assign(this.stats, this.#target.counters);
    this.#options.onProgress?.(this.stats);
  }

  /** Starts work that nothing waits for before the end. */
  inBackground(work: Promise<void>): void {
    this.begin();
    work.then(
      () => this.end(),
      (error: unknown) => {
        this.stop(error);
        this.end();
      },
    );
  }

  /** The same for work that tells its end by `end`. */
  begin(): void {
    this.#running++;
  }

  end(): void {
    this.#running--;
    if (this.#waiting.length > 0) for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Resolves when some of the work in the background is done. */
  async someDone(): Promise<void> {
    if (this.#running > 0) await new Promise<void>((wake) => this.#waiting.push(wake));
  }

  async allDone(): Promise<void> {
    while (this.#running > 0) await this.someDone();
  }
}

/** Names the entry, where the message does not. */
function withPath(path: string, error: Error): CairnError {
  const { code, hint, data } = error instanceof CairnError ? error : new CairnError('io', error.message);
  const message =
    path === '' || error.message.includes(path) ? error.message : `cannot restore ${path}: ${error.message}`;
  const isDamage = code === 'corrupt' || code === 'authentication-failed' || code.endsWith('not-found');
  return new CairnError(code, message, {
    cause: error,
    data: { ...data, path },
    hint:
      hint ??
      (isDamage ? "--ignore-errors restores what is whole; 'cairn snapshot verify' tells what is damaged" : undefined),
  });
}
