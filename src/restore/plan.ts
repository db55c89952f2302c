import { CairnError } from '../errors.ts';
import { parseObjectId } from '../object/id.ts';
import { directPiece, objectPieces, type ObjectContents } from '../object/open.ts';
import type { ObjectPiece } from '../object/types.ts';
import type { DirEntry } from '../snapshot/entry.ts';
import { isCheckpointed } from '../snapshot/verify.ts';

/** Where the bytes of a file or link are. */
export interface FilePlan {
  path: string;
  entry: DirEntry;
  pieces: ObjectPiece[];
  /** Bytes that are stored of it; less than the entry's size when `partial`. */
  length: number;
  /** An interrupted upload stored only its beginning. */
  partial: boolean;
}

/** Longest link target of any system, with room. */
const MAX_LINK = 64 << 10;

/** Plans a file or link, at once where nothing must be read; `corrupt` when its pieces are not as long as the entry says. */
export function planFile(contents: ObjectContents, path: string, entry: DirEntry): FilePlan | Promise<FilePlan> {
  const direct = directPiece(contents, entry.objectId);
  if (direct !== undefined) return checkedPlan(path, entry, [direct]);
  return planPieces(contents, entry).then((pieces) => checkedPlan(path, entry, pieces));
}

async function planPieces(contents: ObjectContents, entry: DirEntry): Promise<ObjectPiece[]> {
  const { indirection, compressed, contentId } = parseObjectId(entry.objectId);
  // the length of an object compressed as a whole is in no index: take the entry's word, writing checks it
  if (indirection === 0 && compressed && !isCheckpointed(entry))
    return [{ start: 0, length: entry.size, contentId, compressed }];
  return objectPieces(contents, entry.objectId);
}

function checkedPlan(path: string, entry: DirEntry, pieces: ObjectPiece[]): FilePlan {
  const last = pieces.at(-1);
  const length = last === undefined ? 0 : last.start + last.length;
  const partial = length !== entry.size && isCheckpointed(entry);
  if (length !== entry.size && !partial)
    throw new CairnError('corrupt', `object ${entry.objectId} has ${length} bytes, its entry says ${entry.size}`);
  if (entry.type === 's' && (pieces.length !== 1 || length === 0 || length > MAX_LINK))
    throw new CairnError('corrupt', `${length} bytes in ${pieces.length} pieces are no link target`);
  return { path, entry, pieces, length, partial };
}

/** One place that needs a content's bytes. */
export interface PieceUse<Job> {
  job: Job;
  piece: ObjectPiece;
}

const WINDOW_BYTES = 256 << 20;
const WINDOW_USES = 4096;
/** Files of several pieces in a window: each is open from its first piece to its last. */
const WINDOW_OPEN_FILES = 128;

/**
 * Contents to read together, and all places that need each. Its size only bounds the plan, not the bytes in memory: the
 * content layer sorts a window by pack, merges neighbouring ranges and keeps few in flight. A big file runs through
 * several windows; many small files share one.
 */
export class ReadWindow<Job extends { pieces: ObjectPiece[] }> {
  /** By content ID; `compressed` ones are packed at object level and are read one by one. */
  readonly plain = new Map<string, PieceUse<Job>[]>();
  readonly compressed = new Map<string, PieceUse<Job>[]>();
  #bytes = 0;
  #uses = 0;
  #openFiles = 0;
  #last: Job | undefined;

  get isEmpty(): boolean {
    return this.#uses === 0;
  }

  get isFull(): boolean {
    return this.#bytes >= WINDOW_BYTES || this.#uses >= WINDOW_USES || this.#openFiles >= WINDOW_OPEN_FILES;
  }

  add(job: Job, piece: ObjectPiece): void {
    const contents = piece.compressed ? this.compressed : this.plain;
    const uses = contents.get(piece.contentId);
    if (uses === undefined) {
      contents.set(piece.contentId, [{ job, piece }]);
      this.#bytes += piece.length;
    } else uses.push({ job, piece });
    this.#uses++;
    if (job !== this.#last && job.pieces.length > 1) this.#openFiles++;
    this.#last = job;
  }
}
