import { hexOf } from '../bytes/hex.ts';
import type { BatchResult, FileBatch, FileFailure, FilePiece, FileTask, PieceChunk } from './messages.ts';

const NUMBERS = 6;

export function encodeBatch(tasks: readonly FileTask[]): FileBatch {
  const numbers = new Float64Array(tasks.length * NUMBERS);
  const splitters: string[] = [];
  const paths: string[] = [];
  for (const [i, { path, offset, length = -1, size = -1, compression, splitter, whole }] of tasks.entries()) {
    let number = splitters.indexOf(splitter);
    if (number < 0) number = splitters.push(splitter) - 1;
    paths.push(path);
    const at = i * NUMBERS;
    numbers[at] = offset;
    numbers[at + 1] = length;
    numbers[at + 2] = size;
    numbers[at + 3] = compression;
    numbers[at + 4] = number;
    numbers[at + 5] = whole === true ? 1 : 0;
  }
  return { paths: paths.join('\0'), numbers, splitters };
}

export function decodeBatch({ paths, numbers, splitters }: FileBatch): FileTask[] {
  const optional = (value: number) => (value < 0 ? undefined : value);
  return paths.split('\0').map((path, i) => {
    const at = i * NUMBERS;
    return {
      path,
      offset: numbers[at],
      length: optional(numbers[at + 1]),
      size: optional(numbers[at + 2]),
      compression: numbers[at + 3],
      splitter: splitters[numbers[at + 4]],
      whole: numbers[at + 5] === 1,
    };
  });
}

/** Gathers a `BatchResult`: chunks come in the order of their files, and those of a file before its end or failure. */
export class BatchResults {
  readonly #files: number[] = [];
  readonly #lengths: number[] = [];
  readonly #failures: FileFailure[] = [];
  #hashes: Uint8Array;
  readonly #hashSize: number;

  constructor(hashSize: number, files: number) {
    this.#hashSize = hashSize;
    this.#hashes = new Uint8Array(hashSize * files);
  }

  chunk(hash: Uint8Array, length: number, objectCompressed: boolean): void {
    const at = this.#lengths.length * this.#hashSize;
    if (at + this.#hashSize > this.#hashes.length) {
      const grown = new Uint8Array(2 * this.#hashes.length + this.#hashSize);
      grown.set(this.#hashes);
      this.#hashes = grown;
    }
    this.#hashes.set(hash, at);
    this.#lengths.push(objectCompressed ? -length : length);
  }

  /** `chunks` of the next file were or will be given. */
  file(bytes: number, chunks: number): void {
    this.#files.push(bytes, chunks);
  }

  failed(failure: FileFailure, chunks: number): void {
    this.#failures.push(failure);
    this.#files.push(-1, chunks);
  }

  finish(): BatchResult {
    return {
      files: Float64Array.from(this.#files),
      lengths: Float64Array.from(this.#lengths),
      hashes: this.#hashes.subarray(0, this.#lengths.length * this.#hashSize),
      failures: this.#failures,
    };
  }
}

/** Calls `done` for each file of the batch in order, with what it became or why not. */
export function eachPiece(
  { files, lengths, hashes, failures }: BatchResult,
  done: (at: number, piece: FilePiece | undefined, failure: FileFailure | undefined) => void,
): void {
  const hashSize = lengths.length === 0 ? 0 : hashes.length / lengths.length;
  let chunk = 0;
  let failed = 0;
  for (let at = 0; 2 * at < files.length; at++) {
    const end = chunk + files[2 * at + 1];
    if (files[2 * at] < 0) {
      chunk = end;
      done(at, undefined, failures[failed++]);
      continue;
    }
    const chunks: PieceChunk[] = [];
    for (; chunk < end; chunk++) {
      const id = hexOf(hashes, chunk * hashSize, (chunk + 1) * hashSize);
      const length = lengths[chunk];
      chunks.push(length < 0 ? { id: 'Z' + id, length: -length } : { id, length });
    }
    done(at, { length: files[2 * at], chunks }, undefined);
  }
}
