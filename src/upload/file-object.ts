import type { IndirectEntry } from '../object/indirect.ts';
import { finishObject, type ObjectWriterOptions } from '../object/writer.ts';
import type { FilePiece, FileTask } from './messages.ts';
import type { Pipeline } from './pipeline.ts';

/**
 * Reads one file through the pipeline and makes its object. Above `chunkAbove` bytes (the policy's
 * parallelUploadAboveSize, 0 for never) it is read in independent parts whose borders are chunk borders, as Kopia does
 * (spec/snapshots-and-policies.md section 8.4).
 */
export async function fileObject(
  pipeline: Pipeline,
  objects: ObjectWriterOptions,
  task: Omit<FileTask, 'offset' | 'length'>,
  size: number,
  chunkAbove: number,
): Promise<{ objectId: string; length: number }> {
  const pieces: FilePiece[] = [];
  if (chunkAbove > 0 && size > chunkAbove) {
    // the parts take room for themselves
    pipeline.done(size);
    const last = Math.floor(size / chunkAbove);
    for (let part = 0; part <= last; part++) {
      const offset = part * chunkAbove;
      const length = part < last ? chunkAbove : undefined;
      const partSize = length ?? size - offset;
      await pipeline.room(partSize);
      pieces.push(await pipeline.file({ ...task, offset, length }, partSize));
    }
  } else pieces.push(await pipeline.file({ ...task, offset: 0, size }, size));

  const chunks: IndirectEntry[] = [];
  let start = 0;
  for (const piece of pieces)
    for (const { id, length } of piece.chunks) {
      chunks.push({ start, length, object: id });
      start += length;
    }
  return { objectId: await finishObject(objects, chunks, ''), length: start };
}
