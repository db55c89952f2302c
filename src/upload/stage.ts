import type { ContentCrypto } from '../content/crypto.ts';
import type { CoreKernel } from '../kernels/core.ts';
import { createSplitter } from '../kernels/splitter.ts';
import type { Splitter } from '../kernels/types.ts';
import type { SyncFiles } from '../ports.ts';
import { BatchResults } from './batch.ts';
import { StageStopped, describeFailure } from './failure.ts';
import type { BatchResult, CutResult, FileTask, StageOutput } from './messages.ts';
import { Sealer } from './sealer.ts';

/** Read at once: the size that keeps the kernels busy without leaving the cache (kernel measurements, section 9). */
const BLOCK = 256 << 10;
/** Bytes whose chunk borders are looked for in one call: little enough that hashing may begin soon. */
const CUT_AHEAD = 64 << 20;
/** Chunks begin at multiples of this, so that loads of the kernels seldom cross cache lines. */
const ALIGN = 64;

export interface StageOptions {
  core: CoreKernel;
  crypto: ContentCrypto;
  syncFiles: SyncFiles;
  /** Content-level compression (index version 2) or object-level (1). */
  compressContents: boolean;
  /** True when a content is stored already; the key is a view that changes after the call. */
  known(key: Uint8Array): boolean;
  /** Looked at once a block: when true the work stops. */
  stopped(): boolean;
  /** Asked once a block; what it returns holds the work back until it resolves. */
  pause?(): Promise<void> | undefined;
}

/** The chunk that is being read: where it begins in the kernel's memory, and how much of it is there. */
interface OpenChunk {
  start: number;
  have: number;
}

/**
 * One thread's part of the upload: reads files straight into the kernel's memory and cuts them; the sealer does the rest
 * with many chunks at a time. It touches no storage; what it makes goes to the owner of the packs (see README).
 */
export class Stage {
  readonly #options: StageOptions;
  readonly #splitters = new Map<string, Splitter>();
  readonly #sealer: Sealer;

  constructor(options: StageOptions) {
    this.#options = options;
    this.#sealer = new Sealer(options);
  }

  #splitter(name: string): Splitter {
    let splitter = this.#splitters.get(name);
    if (splitter === undefined) {
      splitter = createSplitter(name, this.#options.core);
      this.#splitters.set(name, splitter);
    }
    splitter.reset();
    return splitter;
  }

  /** Reads files one after the other and makes their chunks. What fails for one file is that file's result. */
  async batch(tasks: readonly FileTask[], output: StageOutput): Promise<BatchResult> {
    const results = new BatchResults(this.#options.crypto.hasher.size, tasks.length);
    const sealer = this.#sealer;
    sealer.begin(results, output);
    const open: OpenChunk = { start: this.#options.core.contentAddress, have: 0 };
    for (const task of tasks) {
      const before = sealer.given;
      try {
        const reading = this.#file(task, open);
        results.file(typeof reading === 'number' ? reading : await reading, sealer.given - before);
        if (sealer.due) await this.#settle(open);
      } catch (error) {
        const failure = describeFailure(error, task.path);
        // chunks of other files may be lost with it
        if (failure.fatal && !(error instanceof StageStopped)) throw error;
        results.failed(failure, sealer.given - before);
      }
    }
    await this.#settle(open);
    return results.finish();
  }

  /** Seals what is pending; the open chunk moves to the start of the content area. */
  async #settle(open: OpenChunk): Promise<void> {
    const { core } = this.#options;
    await this.#sealer.settle();
    core.memory.copyWithin(core.contentAddress, open.start, open.start + open.have);
    open.start = core.contentAddress;
  }

  /** Bytes read of a file; at once when it is a small one, which most files are. */
  #file(task: FileTask, open: OpenChunk): number | Promise<number> {
    const { core, syncFiles, stopped, pause } = this.#options;
    if (stopped()) throw new StageStopped();
    open.start = Math.ceil((open.start + open.have) / ALIGN) * ALIGN;
    open.have = 0;
    const paused = pause?.();
    const { size = BLOCK, length } = task;
    if (paused !== undefined || size >= BLOCK || length !== undefined || !this.#fits(open))
      return this.#fileInBlocks(task, open, paused);
    const handle = syncFiles.openRead(task.path);
    try {
      const read = syncFiles.read(handle, core.memory.subarray(open.start, open.start + BLOCK), task.offset);
      // one that has grown, or that the system gives in pieces
      if (read === BLOCK || read < size) return this.#fileInBlocks(task, open);
      open.have = read;
      this.#cut(this.#splitter(task.splitter), task, open);
      this.#sealer.give(open.start, open.have, task.compression);
      return read;
    } finally {
      syncFiles.close(handle);
    }
  }

  #fits({ start, have }: OpenChunk): boolean {
    const { contentAddress, contentCapacity } = this.#options.core;
    return start + have + BLOCK <= contentAddress + contentCapacity;
  }

  /** Gives the sealer the whole chunks at the start of what is open. */
  #cut(splitter: Splitter, task: FileTask, open: OpenChunk, seen = 0): void {
    if (task.whole) return;
    for (;;) {
      const cut = scan(splitter, this.#options.core, open.start, seen, open.have);
      if (cut < 0) return;
      this.#sealer.give(open.start, cut, task.compression);
      open.start += cut;
      open.have -= cut;
      seen = 0;
    }
  }

  async #fileInBlocks(task: FileTask, open: OpenChunk, paused?: Promise<void>): Promise<number> {
    const { core, syncFiles, stopped, pause } = this.#options;
    const splitter = this.#splitter(task.splitter);
    const handle = syncFiles.openRead(task.path);
    open.have = 0;
    try {
      const end = task.length === undefined ? Infinity : task.offset + task.length;
      const before = this.#sealer.given;
      let position = task.offset;
      for (let held = paused; ; held = pause?.()) {
        if (held !== undefined) await held;
        if (stopped()) throw new StageStopped();
        if (this.#sealer.due || !this.#fits(open)) await this.#settle(open);
        const want = Math.min(BLOCK, end - position);
        const at = open.start + open.have;
        const read = want <= 0 ? 0 : syncFiles.read(handle, core.memory.subarray(at, at + want), position);
        if (read === 0) break;
        position += read;
        open.have += read;
        this.#cut(splitter, task, open, open.have - read);
        if (read < want && task.size !== undefined && position - task.offset >= task.size) break;
      }
      if (open.have > 0 || this.#sealer.given === before) this.#sealer.give(open.start, open.have, task.compression);
      return position - task.offset;
    } finally {
      syncFiles.close(handle);
    }
  }

  /**
   * Only finds the chunk borders of the range: the lengths of its chunks, about 64 MiB of them in a call. The last, open
   * chunk is left to the next call; at the end of the range or of the file it is closed.
   */
  cuts(task: FileTask): CutResult {
    const { core, syncFiles, stopped } = this.#options;
    const splitter = this.#splitter(task.splitter);
    const handle = syncFiles.openRead(task.path);
    try {
      const lengths: number[] = [];
      const base = core.contentAddress;
      const end = task.offset + (task.length ?? Infinity);
      let position = task.offset;
      let have = 0;
      for (;;) {
        if (stopped()) throw new StageStopped();
        const want = Math.min(BLOCK, end - position);
        const read =
          want <= 0 ? 0 : syncFiles.read(handle, core.memory.subarray(base + have, base + have + want), position);
        if (read === 0) {
          if (have > 0) lengths.push(have);
          return { lengths, end: true };
        }
        position += read;
        let seen = have;
        have += read;
        for (;;) {
          const cut = scan(splitter, core, base, seen, have);
          if (cut < 0) break;
          lengths.push(cut);
          core.memory.copyWithin(base, base + cut, base + have);
          have -= cut;
          seen = 0;
        }
        if (position - task.offset >= CUT_AHEAD && lengths.length > 0) return { lengths, end: false };
      }
    } finally {
      syncFiles.close(handle);
    }
  }
}

function scan(splitter: Splitter, core: CoreKernel, base: number, seen: number, have: number): number {
  return splitter.scanAt === undefined
    ? splitter.scan(core.memory.subarray(base, base + have), seen, have)
    : splitter.scanAt(base, seen, have);
}
