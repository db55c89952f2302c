import * as fs from 'node:fs';
import type { FileHandle, FileStat } from '../../src/ports.ts';
import { fileStat } from './stat.ts';

type Done<T> = (error: Error | null, value?: T) => void;

/** A promise of a callback call; cheaper than `fs/promises`, and works for a descriptor from anywhere. */
export function called<T = void>(start: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => start((error, value) => (error ? reject(error) : resolve(value as T))));
}

export async function statHandle(fd: number): Promise<FileStat> {
  return fileStat(await called<fs.BigIntStats>((done) => fs.fstat(fd, { bigint: true }, done)));
}

/** A file handle over a descriptor. `stat` replaces fstat where the runtime has a better one. */
export function handleOf(fd: number, stat: (fd: number) => Promise<FileStat> = statHandle): FileHandle {
  let open = true;
  return {
    async read(into, position) {
      let filled = 0;
      while (filled < into.length) {
        const at = filled;
        const count = await called<number>((done) =>
          fs.read(fd, into, at, into.length - at, position + at, (error, bytes) => done(error, bytes)),
        );
        if (count === 0) break;
        filled += count;
      }
      return filled;
    },
    async write(data, position) {
      for (let written = 0; written < data.length;) {
        const at = written;
        written += await called<number>((done) =>
          fs.write(fd, data, at, data.length - at, position + at, (error, bytes) => done(error, bytes)),
        );
      }
    },
    truncate: (length) => called((done) => fs.ftruncate(fd, length, done)),
    stat: () => stat(fd),
    sync: () => called((done) => fs.fsync(fd, done)),
    async close() {
      if (!open) return;
      open = false;
      await called((done) => fs.close(fd, done));
    },
  };
}
