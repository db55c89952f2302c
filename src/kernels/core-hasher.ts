import { blake2bStart, blake2KeyBlock } from './blake2b.ts';
import { blake2sStart } from './blake2s.ts';
import { keyedHash } from './blake3.ts';
import type { CoreKernel } from './core.ts';
import { hmacPad, sha2Start, type Sha2Length } from './sha256.ts';
import type { Hasher, MemoryPiece } from './types.ts';

/** Data outside the kernel's memory goes through its scratch area in pieces of whole blocks of every hash. */
const pieceLength = 256 * 1024;
/** Room for descriptions at JOBS. */
const maximumJobs = 256;

/** How one algorithm runs in the kernel: its first state, and functions that take in blocks and the rest. */
interface Algorithm {
  /** Put at STATE before each hash. */
  readonly start: Uint8Array;
  update(address: number, length: number): void;
  finish(address: number, length: number): void;
  many?(count: number): void;
  /** Digest of no data, where `start` already holds a key block that would have been the last. */
  readonly empty?: Uint8Array;
  /** State after the outer pad of HMAC. */
  readonly outer?: Uint8Array;
}

/** A hash of the core kernel. Synchronous, and without state between calls: many may share one kernel. */
export class CoreHasher implements Hasher {
  readonly size: number;
  private readonly core: CoreKernel;
  private readonly algorithm: Algorithm;
  private readonly digestLength: number;
  hashManyAt?: (pieces: readonly MemoryPiece[]) => Uint8Array;

  /** `digestLength` is the algorithm's own, `size` what is kept of it. */
  constructor(core: CoreKernel, algorithm: Algorithm, size: number, digestLength = size) {
    this.core = core;
    this.algorithm = algorithm;
    this.size = size;
    this.digestLength = digestLength;
    const { many } = algorithm;
    if (many !== undefined) this.hashManyAt = (pieces) => this.hashMany(many, pieces);
  }

  hash(data: Uint8Array): Uint8Array {
    const { core, algorithm } = this;
    const address = core.addressOf(data);
    if (address !== undefined) return this.hashAt(address, data.length);
    if (data.length === 0 && algorithm.empty !== undefined) return algorithm.empty.slice(0, this.size);
    const scratch = core.exports.SCRATCH.value;
    core.memory.set(algorithm.start, core.exports.STATE.value);
    let at = 0;
    for (; data.length - at > pieceLength; at += pieceLength) {
      core.memory.set(data.subarray(at, at + pieceLength), scratch);
      algorithm.update(scratch, pieceLength);
    }
    core.memory.set(data.subarray(at), scratch);
    algorithm.finish(scratch, data.length - at);
    return this.digest();
  }

  hashAt(address: number, length: number): Uint8Array {
    const { core, algorithm } = this;
    if (length === 0 && algorithm.empty !== undefined) return algorithm.empty.slice(0, this.size);
    core.memory.set(algorithm.start, core.exports.STATE.value);
    algorithm.finish(address, length);
    return this.digest();
  }

  private digest(): Uint8Array {
    const { core, algorithm } = this;
    const address = core.exports.DIGEST.value;
    if (algorithm.outer !== undefined) {
      core.memory.set(algorithm.outer, core.exports.STATE.value);
      algorithm.finish(address, this.digestLength);
    }
    return core.memory.slice(address, address + this.size);
  }

  private hashMany(many: (count: number) => void, pieces: readonly MemoryPiece[]): Uint8Array {
    const { core, algorithm, size } = this;
    const digests = new Uint8Array(pieces.length * size);
    const table = new Uint32Array(core.memory.buffer, core.exports.JOBS.value, 2 * maximumJobs);
    for (let from = 0; from < pieces.length; from += maximumJobs) {
      const to = Math.min(from + maximumJobs, pieces.length);
      const jobs: number[] = [];
      for (let i = from; i < to; i++)
        if (pieces[i].length > 0) jobs.push(i);
        else digests.set(this.hashAt(0, 0), i * size);
      // the longest first: little is left for one lane alone at the end
      jobs.sort((a, b) => pieces[b].length - pieces[a].length);
      for (const [job, i] of jobs.entries()) {
        table[2 * job] = pieces[i].address;
        table[2 * job + 1] = pieces[i].length;
      }
      core.memory.set(algorithm.start, core.exports.STATE.value);
      many(jobs.length);
      let at = core.exports.DIGESTS.value;
      for (const i of jobs) {
        for (let k = 0; k < size; k++) digests[i * size + k] = core.memory[at + k];
        at += 32;
      }
    }
    return digests;
  }
}

/** Runs `step` on a piece of data from the state `start`; returns the bytes at `from` afterwards. */
function runOnce(
  core: CoreKernel,
  start: Uint8Array,
  step: (address: number, length: number) => void,
  data: Uint8Array,
  from: number,
  length: number,
): Uint8Array {
  core.memory.set(start, core.exports.STATE.value);
  core.memory.set(data, core.exports.SCRATCH.value);
  step(core.exports.SCRATCH.value, data.length);
  return core.memory.slice(from, from + length);
}

/** Room for the count of bytes behind the words, zero at first. */
function withCount(words: Uint8Array): Uint8Array {
  const state = new Uint8Array(words.length + 8);
  state.set(words);
  return state;
}

export function coreBlake2b(core: CoreKernel, key: Uint8Array, size: number): Hasher {
  const { blake2bUpdate: update, blake2bFinish: finish, blake2bMany: many } = core.exports;
  const keyBlock = blake2KeyBlock(key, 128);
  return blake2(core, { start: withCount(blake2bStart(32, key.length)), update, finish, many }, keyBlock, size);
}

/** BLAKE2s takes the digest's length as a parameter, so that one of 16 bytes is another hash than one of 32. */
export function coreBlake2s(core: CoreKernel, key: Uint8Array, size: number): Hasher {
  const { blake2sUpdate: update, blake2sFinish: finish, blake2sMany: many } = core.exports;
  const keyBlock = blake2KeyBlock(key, 64);
  return blake2(core, { start: withCount(blake2sStart(size, key.length)), update, finish, many }, keyBlock, size);
}

/** Takes the key block in beforehand. */
function blake2(core: CoreKernel, plain: Algorithm, keyBlock: Uint8Array, size: number): Hasher {
  if (keyBlock.length === 0) return new CoreHasher(core, plain, size);
  const { STATE, DIGEST } = core.exports;
  const empty = runOnce(core, plain.start, plain.finish, keyBlock, DIGEST.value, 32);
  const start = runOnce(core, plain.start, plain.update, keyBlock, STATE.value, plain.start.length);
  return new CoreHasher(core, { ...plain, start, empty }, size);
}

/** `key` has 32 bytes. */
export function coreBlake3(core: CoreKernel, key: Uint8Array, size: number): Hasher {
  const start = withCount(key);
  start[32] = keyedHash;
  return new CoreHasher(core, { start, update: core.exports.blake3Update, finish: core.exports.blake3Finish }, size);
}

export function coreHmac(core: CoreKernel, key: Uint8Array, size: number, digestLength: Sha2Length): Hasher {
  const { sha256Update: update, sha256Finish: finish, STATE } = core.exports;
  const words = sha2Start(digestLength);
  const plain = withCount(new Uint8Array(words.buffer));
  const afterPad = (fill: 0x36 | 0x5c) =>
    runOnce(core, plain, update, hmacPad(key, fill, digestLength), STATE.value, plain.length);
  return new CoreHasher(core, { start: afterPad(0x36), outer: afterPad(0x5c), update, finish }, size, digestLength);
}
