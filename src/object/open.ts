import { concatBytes } from '../bytes/gather.ts';
import type { ContentReader } from '../content/types.ts';
import { CairnError } from '../errors.ts';
import { formatObjectId, parseObjectId } from './id.ts';
import { parseIndirect } from './indirect.ts';
import type { ObjectPiece, ObjectReader } from './types.ts';

/** Undoes object-level compression (section 7.3); given by the repository, because it needs the compressors. */
export interface ObjectContents extends ContentReader {
  /** Plaintext of a `Z` content: header ID, then a stream that inflates to `length` bytes if that is known. */
  readCompressed?(id: string, length?: number): Promise<Uint8Array>;
}

/** Levels of indirection and of nested index objects followed at most. */
const MAX_DEPTH = 24;

/** The contents that make up an object, in order. Index objects on the way are read, data contents are not. */
export async function objectPieces(contents: ObjectContents, objectId: string): Promise<ObjectPiece[]> {
  const pieces: ObjectPiece[] = [];
  await collect(contents, objectId, 0, undefined, pieces, 0);
  return pieces;
}

/** The one content that an object is, when that can be told without reading: most files are such. */
export function directPiece(contents: ObjectContents, objectId: string): ObjectPiece | undefined {
  const { indirection, compressed, contentId } = parseObjectId(objectId);
  if (indirection > 0 || compressed) return undefined;
  const info = contents.info(contentId);
  return info && { start: 0, length: info.originalLength, contentId, compressed };
}

/** All contents of an object, those of its index objects included: what garbage collection and verify need. */
export async function* objectContentIds(contents: ObjectContents, objectId: string, depth = 0): AsyncGenerator<string> {
  checkDepth(objectId, depth);
  const id = parseObjectId(objectId);
  if (id.indirection === 0) {
    yield id.contentId;
    return;
  }
  const inner = formatObjectId({ ...id, indirection: id.indirection - 1 });
  yield* objectContentIds(contents, inner, depth + 1);
  for (const entry of parseIndirect(await readWhole(contents, inner, depth + 1)))
    yield* objectContentIds(contents, entry.object, depth + 1);
}

function checkDepth(objectId: string, depth: number): void {
  if (depth > MAX_DEPTH) throw new CairnError('corrupt', `object ${objectId} has too many levels of indirection`);
}

async function collect(
  contents: ObjectContents,
  objectId: string,
  start: number,
  expected: number | undefined,
  pieces: ObjectPiece[],
  depth: number,
): Promise<number> {
  checkDepth(objectId, depth);
  const id = parseObjectId(objectId);
  if (id.indirection === 0) {
    const length = expected ?? (await contentLength(contents, id.contentId, id.compressed));
    pieces.push({ start, length, contentId: id.contentId, compressed: id.compressed });
    return length;
  }
  const inner = formatObjectId({ ...id, indirection: id.indirection - 1 });
  let at = start;
  for (const entry of parseIndirect(await readWhole(contents, inner, depth + 1)))
    at += await collect(contents, entry.object, at, entry.length, pieces, depth + 1);
  if (expected !== undefined && at - start !== expected)
    throw new CairnError('corrupt', `object ${objectId} has ${at - start} bytes, its index says ${expected}`);
  return at - start;
}

async function contentLength(contents: ObjectContents, id: string, compressed: boolean): Promise<number> {
  if (compressed) return (await readContent(contents, id, true)).length;
  const info = contents.info(id);
  return info === undefined ? (await contents.read(id)).length : info.originalLength;
}

async function readContent(
  contents: ObjectContents,
  id: string,
  compressed: boolean,
  length?: number,
): Promise<Uint8Array> {
  if (!compressed) return contents.read(id);
  if (contents.readCompressed === undefined)
    throw new CairnError('unsupported', `content ${id} is compressed at object level, which is not available here`);
  return contents.readCompressed(id, length);
}

async function readPiece(contents: ObjectContents, piece: ObjectPiece): Promise<Uint8Array> {
  const data = await readContent(contents, piece.contentId, piece.compressed, piece.length);
  if (data.length !== piece.length)
    throw new CairnError(
      'corrupt',
      `content ${piece.contentId} has ${data.length} bytes, its object says ${piece.length}`,
    );
  return data;
}

async function readWhole(contents: ObjectContents, objectId: string, depth: number): Promise<Uint8Array> {
  checkDepth(objectId, depth);
  const pieces: ObjectPiece[] = [];
  await collect(contents, objectId, 0, undefined, pieces, depth);
  const parts: Uint8Array[] = [];
  for (const piece of pieces) parts.push(await readPiece(contents, piece));
  return parts.length === 1 ? parts[0] : concatBytes(parts);
}

/** All bytes of an object that is known to be small (directories, indexes). */
export async function readObject(contents: ObjectContents, objectId: string): Promise<Uint8Array> {
  return readWhole(contents, objectId, 0);
}

/** Opens an object for reading; only its index is held in memory. */
export async function openObject(contents: ObjectContents, objectId: string): Promise<ObjectReader> {
  const pieces = await objectPieces(contents, objectId);
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  let kept: { piece: ObjectPiece; data: Uint8Array } | undefined;
  const load = async (piece: ObjectPiece) => {
    if (kept?.piece !== piece) kept = { piece, data: await readPiece(contents, piece) };
    return kept.data;
  };
  return {
    id: objectId,
    length,
    async read(offset, wanted) {
      if (offset < 0 || wanted < 0) throw new CairnError('invalid-argument', 'offset and length must not be negative');
      const end = Math.min(length, offset + wanted);
      const out = new Uint8Array(Math.max(0, end - offset));
      for (const piece of pieces) {
        const from = Math.max(piece.start, offset);
        const to = Math.min(piece.start + piece.length, end);
        if (from >= to) continue;
        out.set((await load(piece)).subarray(from - piece.start, to - piece.start), from - offset);
      }
      return out;
    },
    async *chunks() {
      for (const piece of pieces) yield await readPiece(contents, piece);
    },
  };
}
