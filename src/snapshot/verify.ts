import { mapLimit } from '../bytes/parallel.ts';
import type { Opener } from '../content/sealed-range.ts';
import type { ContentInfo } from '../content/types.ts';
import { CairnError, type ErrorCode } from '../errors.ts';
import { parseObjectId } from '../object/id.ts';
import { objectContentIds, objectPieces, openObject, type ObjectContents } from '../object/open.ts';
import type { ObjectPiece } from '../object/types.ts';
import type { DirEntry } from './entry.ts';
import { ObjectSet } from './object-set.ts';
import { findAffected, type AffectedTarget } from './verify-affected.ts';
import { asError, joinPath, takeDirectories, throwIfCanceled, type WalkedEntry } from './walk.ts';

/** The root of a tree to check; `path` names it in errors, for a snapshot `user@host:/path@time`. */
export interface VerifyTarget extends WalkedEntry {
  snapshotId?: string;
}

/** Kopia's counters. Every distinct object counts once, the expected totals count all. */
export interface VerifyStats {
  processedObjectCount: number;
  processedBytes: number;
  readFileCount: number;
  readBytes: number;
  expectedTotalObjectCount: number;
  expectedTotalFileCount: number;
  expectedTotalBytes: number;
}

export interface VerifyError {
  path: string;
  objectId: string;
  code: ErrorCode;
  message: string;
}

export interface VerifyOptions {
  /** Length of each pack blob in storage; without it packs are not looked at, as over a server. */
  packs?: { get(blob: string): number | undefined };
  /** Percent of files to read in full, drawn at random. */
  filesPercent?: number;
  /** Objects looked at at a time. */
  parallel?: number;
  /** Stops after so many errors; 0 for never. */
  maxErrors?: number;
  /** Gives numbers in [0, 1) to draw files by. */
  random?: () => number;
  onProgress?: (stats: VerifyStats) => void;
  onError?: (error: VerifyError) => void;
  signal?: AbortSignal;
  /** Threads that open contents, where there are many. */
  opener?: Opener;
}

export interface VerifyResult {
  stats: VerifyStats;
  errorCount: number;
  errors: VerifyError[];
  /** The error limit ended the run. */
  stopped: boolean;
  /** Files of which an interrupted upload stored only the beginning: sound, but not whole. */
  partialFiles: string[];
  /** What each snapshot lost; only filled when there are errors. */
  affected: AffectedTarget[];
}

/** Files whose contents are read together; the bytes are not kept. */
const BATCH_BYTES = 256 << 20;
const BATCH_FILES = 16384;
/** Errors that are kept; the count goes on. */
const MAX_ERRORS = 10_000;

/**
 * Checks trees (spec/snapshots-and-policies.md section 11.1): every directory is read, every content of every object is
 * in the index and its range lies in its pack, and of a share of the files every byte is read. Each distinct object is
 * checked once.
 */
export async function verifyTrees(
  contents: ObjectContents,
  targets: readonly VerifyTarget[],
  options: VerifyOptions = {},
): Promise<VerifyResult> {
  const run = new Verification(contents, options);
  for (const { entry } of targets) run.expect(entry);
  options.onProgress?.(run.result.stats);
  try {
    for (const target of targets) await run.walk(target);
    await run.end();
  } finally {
    await run.idle();
  }
  if (run.bad.size > 0) run.result.affected = await findAffected(contents, targets, run.bad);
  return run.result;
}

class Verification {
  readonly contents: ObjectContents;
  readonly options: VerifyOptions;
  readonly result: VerifyResult;
  readonly bad = new Set<string>();
  readonly #visited = new ObjectSet();
  /** Contents that were read in full, and what was wrong with the damaged ones. */
  readonly #read = new ObjectSet();
  readonly #damaged = new Map<string, Error>();
  #batch: { file: WalkedEntry; pieces: ObjectPiece[] }[] = [];
  #batchBytes = 0;
  #reading: Promise<void> = Promise.resolve();

  constructor(contents: ObjectContents, options: VerifyOptions) {
    this.contents = contents;
    this.options = options;
    this.result = {
      stats: {
        processedObjectCount: 0,
        processedBytes: 0,
        readFileCount: 0,
        readBytes: 0,
        expectedTotalObjectCount: 0,
        expectedTotalFileCount: 0,
        expectedTotalBytes: 0,
      },
      errorCount: 0,
      errors: [],
      stopped: false,
      partialFiles: [],
      affected: [],
    };
  }

  expect({ summary, size, type }: DirEntry): void {
    const { stats } = this.result;
    stats.expectedTotalObjectCount += summary === undefined ? 1 : summary.files + summary.symlinks + summary.dirs;
    stats.expectedTotalFileCount += summary?.files ?? (type === 'd' ? 0 : 1);
    stats.expectedTotalBytes += summary?.size ?? size;
  }

  async walk(root: VerifyTarget): Promise<void> {
    if (this.result.stopped || !this.#visited.add(root.entry.objectId)) return;
    if (root.entry.type !== 'd') return this.#checkAll([root]);
    const stack: WalkedEntry[] = [root];
    while (stack.length > 0 && !this.result.stopped) {
      throwIfCanceled(this.options.signal);
      for (const { node, directory } of await takeDirectories(this.contents, stack)) {
        if (this.result.stopped) return;
        if (directory instanceof Error) {
          this.#fail(node, directory);
          continue;
        }
        const found: WalkedEntry[] = [node];
        for (const entry of directory.entries) {
          if (!this.#visited.add(entry.objectId)) continue;
          const child = { path: joinPath(node.path, entry.name), entry };
          if (entry.type === 'd') stack.push(child);
          else found.push(child);
        }
        await this.#checkAll(found);
      }
    }
  }

  async #checkAll(found: readonly WalkedEntry[]): Promise<void> {
    await mapLimit(found, this.options.parallel ?? 8, (item) => {
      if (this.result.stopped) return undefined;
      throwIfCanceled(this.options.signal);
      try {
        if (this.#checkDirect(item)) return undefined;
      } catch (error) {
        this.#fail(item, asError(error));
        return undefined;
      }
      return this.#check(item).catch((error: unknown) => this.#fail(item, asError(error)));
    });
    this.options.onProgress?.(this.result.stats);
    if (this.#batchBytes >= BATCH_BYTES || this.#batch.length >= BATCH_FILES) await this.#readSoon();
  }

  /** Checks an object of one content, which needs no reading; false for others. */
  #checkDirect(item: WalkedEntry): boolean {
    const { entry } = item;
    const { indirection, compressed, contentId } = parseObjectId(entry.objectId);
    if (indirection > 0 || compressed) return false;
    const { originalLength: length } = this.#checkContent(entry.objectId, contentId);
    if (entry.type !== 'd') this.#take(item, [{ start: 0, length, contentId, compressed }], this.#isDrawn());
    this.result.stats.processedObjectCount++;
    return true;
  }

  async #check(item: WalkedEntry): Promise<void> {
    const { entry } = item;
    const { indirection, compressed, contentId } = parseObjectId(entry.objectId);
    if (indirection === 0) this.#checkContent(entry.objectId, contentId);
    else for await (const id of objectContentIds(this.contents, entry.objectId)) this.#checkContent(entry.objectId, id);
    if (entry.type !== 'd') {
      const wanted = this.#isDrawn();
      // the length of an object compressed as a whole is only known by reading it
      const pieces = !compressed || wanted ? await objectPieces(this.contents, entry.objectId) : undefined;
      this.#take(item, pieces, wanted);
    }
    this.result.stats.processedObjectCount++;
  }

  #take(file: WalkedEntry, pieces: ObjectPiece[] | undefined, wanted: boolean): void {
    if (pieces !== undefined) this.#checkLength(file, pieces);
    if (pieces !== undefined && wanted) {
      this.#batch.push({ file, pieces });
      for (const piece of pieces) this.#batchBytes += piece.length;
    }
    this.result.stats.processedBytes += file.entry.size;
  }

  #isDrawn(): boolean {
    const { filesPercent = 0, random = Math.random } = this.options;
    return filesPercent > 0 && random() * 100 < filesPercent;
  }

  #checkContent(objectId: string, contentId: string): ContentInfo {
    const info = this.contents.info(contentId);
    if (info === undefined)
      throw new CairnError('content-not-found', `object ${objectId} needs content ${contentId}, which no index names`);
    if (this.options.packs === undefined) return info;
    const length = this.options.packs.get(info.packBlob);
    if (length === undefined)
      throw new CairnError('blob-not-found', `object ${objectId} is backed by missing blob ${info.packBlob}`);
    if (info.packOffset + info.packedLength > length)
      throw new CairnError(
        'corrupt',
        `object ${objectId} is backed by blob ${info.packBlob}, which was cut to ${length} bytes`,
      );
    return info;
  }

  #checkLength({ path, entry }: WalkedEntry, pieces: readonly ObjectPiece[]): void {
    const last = pieces.at(-1);
    const length = last === undefined ? 0 : last.start + last.length;
    if (length === entry.size) return;
    if (!isCheckpointed(entry))
      throw new CairnError('corrupt', `object ${entry.objectId} has ${length} bytes, its entry says ${entry.size}`);
    this.result.partialFiles.push(path);
  }

  /** Reads what is left. */
  async end(): Promise<void> {
    await this.#readSoon();
    await this.#reading;
  }

  /** Resolves when nothing is being read any more, whatever became of it. */
  async idle(): Promise<void> {
    await this.#reading.catch(() => {});
  }

  /** Starts to read the files drawn so far when those before are read; the walk goes on meanwhile. */
  async #readSoon(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    this.#batchBytes = 0;
    await this.#reading;
    this.#reading = this.#readBatch(batch);
    // an error is met by whoever waits next
    this.#reading.catch(() => {});
  }

  /** Reads contents, those side by side in a pack together, each once in a run. */
  async #readBatch(batch: readonly { file: WalkedEntry; pieces: ObjectPiece[] }[]): Promise<void> {
    if (this.result.stopped) return;
    const lengths = new Map<string, number>();
    for (const { pieces } of batch)
      for (const { contentId, length, compressed } of pieces)
        if (!compressed && this.#read.add(contentId)) lengths.set(contentId, length);
    const check = (id: string, data: Uint8Array | Error) => {
      throwIfCanceled(this.options.signal);
      const expected = lengths.get(id)!;
      if (data instanceof Error) this.#damaged.set(id, data);
      else if (data.length !== expected)
        this.#damaged.set(id, new CairnError('corrupt', `content ${id} has ${data.length} bytes, not ${expected}`));
    };
    await this.contents.readMany(lengths.keys(), check, { transient: true, opener: this.options.opener });
    await mapLimit(batch, this.options.parallel ?? 8, ({ file, pieces }) => {
      if (this.result.stopped) return undefined;
      const damaged = pieces.find(({ contentId }) => this.#damaged.has(contentId));
      if (damaged !== undefined) return this.#fail(file, this.#damaged.get(damaged.contentId)!);
      if (!pieces.some((piece) => piece.compressed)) return this.#countRead(pieces);
      return readThrough(this.contents, file.entry.objectId).then(
        () => this.#countRead(pieces),
        (error: unknown) => this.#fail(file, asError(error)),
      );
    });
    this.options.onProgress?.(this.result.stats);
  }

  #countRead(pieces: readonly ObjectPiece[]): void {
    this.result.stats.readFileCount++;
    for (const piece of pieces) this.result.stats.readBytes += piece.length;
  }

  #fail({ path, entry }: WalkedEntry, error: Error): void {
    const code = error instanceof CairnError ? error.code : 'io';
    if (code === 'canceled') throw error;
    const failure: VerifyError = { path, objectId: entry.objectId, code, message: error.message };
    this.bad.add(entry.objectId);
    if (this.result.errors.length < MAX_ERRORS) this.result.errors.push(failure);
    this.result.errorCount++;
    this.options.onError?.(failure);
    const { maxErrors = 0 } = this.options;
    if (maxErrors > 0 && this.result.errorCount >= maxErrors) this.result.stopped = true;
  }
}

/** What an interrupted upload leaves of a file that it had begun: the size is the file's, the bytes are its beginning. */
export function isCheckpointed(entry: DirEntry): boolean {
  return entry.name.startsWith('.checkpointed.');
}

async function readThrough(contents: ObjectContents, objectId: string): Promise<void> {
  const reader = await openObject(contents, objectId);
  let length = 0;
  for await (const chunk of reader.chunks()) length += chunk.length;
  if (length !== reader.length)
    throw new CairnError('corrupt', `object ${objectId} has ${length} bytes, not ${reader.length}`);
}
