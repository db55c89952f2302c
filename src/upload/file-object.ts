import type { IndirectEntry } from '../object/indirect.ts';
import { finishObject, type ObjectWriterOptions } from '../object/writer.ts';
import type { FilePiece, FileTask } from './messages.ts';
import type { Pipeline } from './pipeline.ts';
import { settle, type Done } from './running.ts';

export interface FileObject {
  objectId: string;
  /** Bytes really read. */
  length: number;
}

type Task = Pick<FileTask, 'path' | 'splitter' | 'compression'>;

/**
 * Reads one file, for which there is room, through the pipeline and makes its object. Above `chunkAbove` bytes (the
 * policy's parallelUploadAboveSize, 0 for never) it is read in independent parts whose borders are chunk borders, as
 * Kopia does (spec/snapshots-and-policies.md section 8.4).
 */
export function fileObject(
  pipeline: Pipeline,
  objects: () => ObjectWriterOptions,
  { path, splitter, compression }: Task,
  size: number,
  chunkAbove: number,
  done: Done<FileObject>,
): void {
  const task = { path, splitter, compression, offset: 0, size };
  if (chunkAbove > 0 && size > chunkAbove) return settle(inParts(pipeline, objects, task, chunkAbove), done);
  pipeline.read(task, size, (piece, error) => {
    if (piece === undefined) done(undefined, error);
    else if (piece.chunks.length === 1) done({ objectId: piece.chunks[0].id, length: piece.length }, undefined);
    else settle(joined(objects, [piece]), done);
  });
}

async function inParts(
  pipeline: Pipeline,
  objects: () => ObjectWriterOptions,
  { size, ...task }: FileTask & { size: number },
  chunkAbove: number,
): Promise<FileObject> {
  // the parts take room for themselves
  pipeline.done(size);
  const pieces: FilePiece[] = [];
  const last = Math.floor(size / chunkAbove);
  for (let part = 0; part <= last; part++) {
    const offset = part * chunkAbove;
    const length = part < last ? chunkAbove : undefined;
    const partSize = length ?? size - offset;
    await pipeline.room(partSize);
    pieces.push(await pipeline.file({ ...task, offset, length }, partSize));
  }
  return joined(objects, pieces);
}

async function joined(objects: () => ObjectWriterOptions, pieces: readonly FilePiece[]): Promise<FileObject> {
  const chunks: IndirectEntry[] = [];
  let start = 0;
  for (const piece of pieces)
    for (const { id, length } of piece.chunks) {
      chunks.push({ start, length, object: id });
      start += length;
    }
  return { objectId: await finishObject(objects(), chunks, ''), length: start };
}
