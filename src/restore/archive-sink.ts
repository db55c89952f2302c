/** Where the bytes of an archive go, in order. */
import { CairnError, fileError, systemCode } from '../errors.ts';
import type { FileHandle, Files, Terminal } from '../ports.ts';

export interface ByteSink {
  /** Takes the bytes; they must not change before it resolves. */
  write(data: Uint8Array): Promise<void>;
  /** All is there: the file gets its name. */
  end(): Promise<void>;
  /** Nothing is left behind where that can be helped; never throws. */
  abort(): Promise<void>;
}

const BUFFER = 256 << 10;

/** A file that gets its name when it is whole. */
export async function fileSink(files: Files, path: string, overwrite: boolean): Promise<ByteSink> {
  if (!overwrite && (await exists(files, path)))
    throw new CairnError('file-exists', `${path} exists already`, {
      data: { path },
      hint: 'allow it by --overwrite-files',
    });
  const temporary = `${path}.part`;
  try {
    return new FileSink(files, path, temporary, await files.open(temporary, 'write', 0o600));
  } catch (error) {
    throw fileError(error, 'cannot create', path);
  }
}

async function exists(files: Files, path: string): Promise<boolean> {
  try {
    await files.lstat(path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw fileError(error, 'cannot open', path);
  }
}

class FileSink implements ByteSink {
  readonly #files: Files;
  readonly #path: string;
  readonly #temporary: string;
  readonly #handle: FileHandle;
  readonly #buffer = new Uint8Array(BUFFER);
  #held = 0;
  #position = 0;
  #isOpen = true;

  constructor(files: Files, path: string, temporary: string, handle: FileHandle) {
    this.#files = files;
    this.#path = path;
    this.#temporary = temporary;
    this.#handle = handle;
  }

  async write(data: Uint8Array): Promise<void> {
    if (this.#held + data.length > BUFFER) await this.#flush();
    if (data.length >= BUFFER) return this.#put(data);
    this.#buffer.set(data, this.#held);
    this.#held += data.length;
  }

  async #flush(): Promise<void> {
    await this.#put(this.#buffer.subarray(0, this.#held));
    this.#held = 0;
  }

  async #put(data: Uint8Array): Promise<void> {
    if (data.length === 0) return;
    try {
      await this.#handle.write(data, this.#position);
    } catch (error) {
      throw fileError(error, 'cannot write', this.#path);
    }
    this.#position += data.length;
  }

  async end(): Promise<void> {
    await this.#flush();
    try {
      this.#isOpen = false;
      await this.#handle.close();
      await this.#files.rename(this.#temporary, this.#path);
    } catch (error) {
      throw fileError(error, 'cannot write', this.#path);
    }
  }

  async abort(): Promise<void> {
    if (this.#isOpen) await this.#handle.close().catch(() => {});
    this.#isOpen = false;
    await this.#files.removeFile(this.#temporary).catch(() => {});
  }
}

/** Standard output. */
export function terminalSink(terminal: Pick<Terminal, 'out'>): ByteSink {
  return { write: (data) => terminal.out(data), end: async () => {}, abort: async () => {} };
}

/** Bytes through the platform's own compressor: `gzip`, or `deflate-raw` for the entries of a zip. */
export async function* compressed(
  format: 'gzip' | 'deflate-raw',
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const stream = newCompressor(format);
  const writer = stream.writable.getWriter();
  const feed = async () => {
    try {
      for await (const piece of source) await writer.write(piece as Uint8Array<ArrayBuffer>);
      await writer.close();
    } catch (error) {
      await writer.abort(error).catch(() => {});
      throw error;
    }
  };
  const feeding = feed();
  feeding.catch(() => {});
  const reader = stream.readable.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      yield value;
    }
  } catch (error) {
    // the cause, not that the stream was broken off
    await feeding;
    throw error;
  }
  await feeding;
}

/** Compresses all that is written and hands it on. */
export function gzipSink(inner: ByteSink): ByteSink {
  const stream = newCompressor('gzip');
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader();
  const drain = async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      await inner.write(value);
    }
  };
  const draining = drain().catch((error: unknown) => {
    void reader.cancel(error).catch(() => {});
    throw error;
  });
  draining.catch(() => {});
  const orFailure = (work: Promise<void>) => Promise.race([work, draining.then(() => work)]);
  return {
    async write(data) {
      // the stream may hold the bytes longer than this call lasts
      await orFailure(writer.write(data.slice() as Uint8Array<ArrayBuffer>));
    },
    async end() {
      await orFailure(writer.close());
      await draining;
      await inner.end();
    },
    async abort() {
      await writer.abort().catch(() => {});
      await draining.catch(() => {});
      await inner.abort();
    },
  };
}

function newCompressor(format: 'gzip' | 'deflate-raw'): CompressionStream {
  if (typeof CompressionStream === 'undefined')
    throw new CairnError('unsupported', 'this runtime has no streaming compressor', {
      hint: '--mode=tar and --mode=zip-nocompress need none',
    });
  return new CompressionStream(format);
}
