import { toHex } from '../bytes/hex.ts';
import { compressContent, withHeader, type ContentCrypto } from '../content/crypto.ts';
import { cipherId } from '../content/id.ts';
import type { CoreKernel } from '../kernels/core.ts';
import { createSplitter } from '../kernels/splitter.ts';
import type { Splitter } from '../kernels/types.ts';
import type { SyncFiles } from '../ports.ts';
import type { CutResult, FilePiece, FileTask, PieceChunk, StageOutput } from './messages.ts';

/** Read at once: the size that keeps the kernels busy without leaving the cache (kernel measurements, section 9). */
const BLOCK = 256 << 10;
/** Bytes whose chunk borders are looked for in one call. */
const CUT_AHEAD = 256 << 20;

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
  /** Gives an empty buffer of at least this many bytes. */
  buffer(length: number): ArrayBuffer;
}

/**
 * One thread's part of the upload: reads files straight into the kernel's memory, cuts, hashes, asks whether the content
 * is known, compresses and seals. It touches no storage; what it makes goes to the owner of the packs (see README).
 */
export class Stage {
  readonly #options: StageOptions;
  readonly #splitters = new Map<string, Splitter>();
  readonly #key: Uint8Array;

  constructor(options: StageOptions) {
    this.#options = options;
    this.#key = new Uint8Array(options.crypto.hasher.size + 1);
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

  /** Reads `[offset, offset + length)` of a file, or up to its end, and makes its chunks. */
  async file(task: FileTask, output: StageOutput): Promise<FilePiece> {
    const { core, syncFiles } = this.#options;
    const splitter = this.#splitter(task.splitter);
    const handle = syncFiles.openRead(task.path);
    try {
      const chunks: PieceChunk[] = [];
      const base = core.contentAddress;
      const end = task.length === undefined ? Infinity : task.offset + task.length;
      let position = task.offset;
      let have = 0;
      for (;;) {
        const paused = this.#options.pause?.();
        if (paused !== undefined) await paused;
        if (this.#options.stopped()) throw new StageStopped();
        const want = Math.min(BLOCK, end - position);
        const read =
          want <= 0 ? 0 : syncFiles.read(handle, core.memory.subarray(base + have, base + have + want), position);
        if (read === 0) break;
        position += read;
        let seen = have;
        have += read;
        for (;;) {
          const cut = task.whole ? -1 : scan(splitter, core, base, seen, have);
          if (cut < 0) break;
          chunks.push(await this.#chunk(base, cut, task.compression, output));
          core.memory.copyWithin(base, base + cut, base + have);
          have -= cut;
          seen = 0;
        }
        if (read < want && task.size !== undefined && position - task.offset >= task.size) break;
      }
      if (have > 0 || chunks.length === 0) chunks.push(await this.#chunk(base, have, task.compression, output));
      return { length: position - task.offset, chunks };
    } finally {
      syncFiles.close(handle);
    }
  }

  /**
   * Only finds the chunk borders of the range: the lengths of its chunks, about 256 MiB of them in a call. The last, open
   * chunk is left to the next call; at the end of the range or of the file it is closed.
   */
  cuts(task: FileTask): CutResult {
    const { core, syncFiles } = this.#options;
    const splitter = this.#splitter(task.splitter);
    const handle = syncFiles.openRead(task.path);
    try {
      const lengths: number[] = [];
      const base = core.contentAddress;
      const end = task.offset + (task.length ?? Infinity);
      let position = task.offset;
      let have = 0;
      for (;;) {
        if (this.#options.stopped()) throw new StageStopped();
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

  /** Hashes the chunk at an address; compresses, seals and emits it unless it is known. */
  async #chunk(address: number, length: number, compression: number, output: StageOutput): Promise<PieceChunk> {
    const { core, crypto, compressContents, known } = this.#options;
    let plain = core.memory.subarray(address, address + length);
    let objectCompressed = false;
    if (!compressContents && compression !== 0) {
      const stream = (await crypto.compressors.byId(compression)).compress(plain);
      if (stream.length + 4 < length) {
        plain = withHeader(compression, stream);
        objectCompressed = true;
      }
    }
    const { hasher } = crypto;
    const hash = !objectCompressed && hasher.hashAt !== undefined ? hasher.hashAt(address, length) : hasher.hash(plain);
    const key = this.#key;
    key[0] = 0;
    key.set(hash, 1);
    const chunk = { id: (objectCompressed ? 'Z' : '') + toHex(hash), length };
    if (known(key)) return chunk;
    const packed = await compressContent(crypto, plain, compressContents ? compression : 0);
    const room = packed.data.length + crypto.cipher.overhead;
    const buffer = output.space(room);
    const sealedLength = await crypto.cipher.seal(cipherId(hash), packed.data, buffer.subarray(0, room));
    if (crypto.ecc === undefined) output.emit(hash, plain.length, packed.compression, sealedLength);
    else output.emitBytes(hash, plain.length, packed.compression, crypto.ecc.encode(buffer.subarray(0, sealedLength)));
    return chunk;
  }
}

/** Thrown inside a stage when the run was stopped; never shown. */
export class StageStopped extends Error {}

function scan(splitter: Splitter, core: CoreKernel, base: number, seen: number, have: number): number {
  return splitter.scanAt === undefined
    ? splitter.scan(core.memory.subarray(base, base + have), seen, have)
    : splitter.scanAt(base, seen, have);
}
