/** A stream as a source: one file in a folder that exists nowhere (spec/snapshots-and-policies.md section 8.5). */
import { parseTime } from '../bytes/time.ts';
import { CairnError } from '../errors.ts';
import { writeObject, writeStream, type ObjectWriterOptions } from '../object/writer.ts';
import { compressorForFile, metadataCompressor } from '../policy/compression.ts';
import type { PolicyNode } from '../policy/tree.ts';
import type { Clock } from '../ports.ts';
import { DirectoryBuilder } from '../snapshot/directory-builder.ts';
import { encodeDirectory } from '../snapshot/directory.ts';
import type { DirEntry } from '../snapshot/entry.ts';
import { compressionId, splitterName } from './algorithms.ts';
import type { UploadProgress } from './progress.ts';

export interface StreamSource {
  /** Name of the file; no folders. */
  name: string;
  bytes: AsyncIterable<Uint8Array>;
}

export interface StreamUpload {
  objectWriter(metadataCompression: number): ObjectWriterOptions;
  newSplitter(name: string): ReturnType<ObjectWriterOptions['newSplitter']>;
  /** The repository's splitter. */
  splitter: string;
  policy: PolicyNode;
  clock: Clock;
  progress: UploadProgress;
  stopReason(): string | undefined;
  /** Called between pieces; waits for a flush that is due. */
  pause(): Promise<void> | undefined;
  signal?: AbortSignal;
}

/** What Kopia makes of Go's zero time when it counts nanoseconds in 64 bits. */
const NO_TIME = parseTime('1754-08-30T22:43:41.128654848Z')!;
const MODE = 0o777;

/** Stores the stream; gives the folder's entry and why it is not whole. A stream that was cut short is not kept. */
export async function uploadStream(
  rootPath: string,
  { name, bytes }: StreamSource,
  options: StreamUpload,
): Promise<{ rootEntry: DirEntry; incomplete: string }> {
  checkName(name);
  const { policy } = options.policy.child(name);
  const { clock, progress } = options;
  const mtime = clock.now();
  const builder = new DirectoryBuilder();
  const stopped = new Stopped();
  progress.current = rootPath;
  progress.file = `${rootPath}/${name}`;
  progress.hashing++;
  try {
    const { id, length } = await writeStream(
      options.objectWriter(compressionId(metadataCompressor(policy))),
      watched(bytes, options, stopped),
      '',
      compressionId(compressorForFile(policy.compression, name, 0)),
      options.newSplitter(splitterName(policy.splitter.algorithm, options.splitter)),
    );
    progress.hashedFiles++;
    builder.add({ name, type: 'f', mode: MODE, size: length, mtime, uid: 0, gid: 0, objectId: id });
  } catch (error) {
    if (error !== stopped) throw error;
  } finally {
    progress.hashing--;
  }
  progress.directories++;
  const { entries, summary } = builder.build(NO_TIME, stopped.reason);
  const compression = compressionId(metadataCompressor(options.policy.policy));
  const objectId = await writeObject(
    options.objectWriter(compression),
    encodeDirectory(entries, summary),
    'k',
    compression,
  );
  const rootEntry = {
    name: rootPath,
    type: 'd',
    mode: MODE,
    size: 0,
    mtime: NO_TIME,
    uid: 0,
    gid: 0,
    objectId,
    summary,
  };
  return { rootEntry, incomplete: stopped.reason };
}

class Stopped extends Error {
  reason = '';
}

async function* watched(
  bytes: AsyncIterable<Uint8Array>,
  options: StreamUpload,
  stopped: Stopped,
): AsyncGenerator<Uint8Array> {
  const stop = () => {
    stopped.reason = options.stopReason() ?? '';
    if (stopped.reason !== '') throw stopped;
  };
  const pieces = bytes[Symbol.asyncIterator]();
  for (;;) {
    stop();
    const next = await nextUnless(options.signal, pieces);
    if (next === undefined) continue;
    if (next.done) return;
    yield next.value;
    options.progress.hashedBytes += next.value.length;
    await options.pause();
  }
}

/**
 * Undefined when the wish to stop comes first: a stream that gives nothing must not outlive it. No race with one promise
 * of the whole run, which would keep every piece.
 */
function nextUnless<T>(
  signal: AbortSignal | undefined,
  pieces: AsyncIterator<T>,
): Promise<IteratorResult<T> | undefined> {
  if (signal === undefined) return pieces.next();
  return new Promise((resolve, reject) => {
    const stop = () => resolve(undefined);
    signal.addEventListener('abort', stop, { once: true });
    void pieces
      .next()
      .finally(() => signal.removeEventListener('abort', stop))
      .then(resolve, reject);
  });
}

function checkName(name: string): void {
  if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name))
    throw new CairnError('invalid-argument', `"${name}" is no file name`, {
      hint: '--stdin-file takes the name of a file without folders; the source is the folder it will be in',
    });
}
