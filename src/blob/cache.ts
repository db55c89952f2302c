import { systemCode } from '../errors.ts';
import type { Clock, Files } from '../ports.ts';
import { TRAILER, entryTrailer, openEntry } from './cache-entry.ts';
import { readFully } from './file-read.ts';
import { makeDirectories, makeDirectory } from './directories.ts';

export interface CacheOptions {
  /** Bytes on the disk; 0 turns the cache off. */
  limit: number;
  clock: Clock;
}

export interface CacheCount {
  entries: number;
  bytes: number;
}

export interface CacheUsage extends CacheCount {
  kinds: Record<string, CacheCount>;
}

interface Entry {
  kind: string;
  path: string;
  size: number;
  mtime: bigint;
}

const TEN_MINUTES = 600_000_000_000n;
/** Marks a folder that backup programs leave out (https://bford.info/cachedir/). */
const TAG =
  'Signature: 8a477f597d28d172789f06886806bc55\n# Made by Cairn. Everything in this folder may be deleted at any time.\n';

/**
 * Copies of immutable blobs on the local disk, `<directory>/<kind>/<name>`, each with a checksum over its kind, name
 * and bytes: half-written, damaged or misplaced entries are misses. Blobs are sealed already, so nothing is encrypted
 * here. Getting and putting never fail: what goes wrong is counted. Entries that were not used for longest go first.
 */
export class DiskCache {
  /** `failures`: reads and writes that an error ended, other than a missing entry. */
  readonly counts = { hits: 0, misses: 0, damaged: 0, failures: 0 };
  readonly directory: string;
  /** Bytes that the entries never exceed together. */
  readonly limit: number;
  readonly #files: Files;
  readonly #clock: Clock;
  /** Bytes on the disk as far as this process knows; undefined until its first put has counted them. */
  #bytes: number | undefined;
  #prepared: Promise<void> | undefined;
  #sweeping: Promise<void> | undefined;

  constructor(files: Files, directory: string, { limit, clock }: CacheOptions) {
    this.#files = files;
    this.directory = directory;
    this.limit = limit;
    this.#clock = clock;
  }

  async get(kind: string, name: string): Promise<Uint8Array | undefined> {
    if (this.limit === 0) return undefined;
    try {
      const data = await this.#read(kind, name);
      if (data !== undefined) {
        this.counts.hits++;
        return data;
      }
      this.counts.damaged++;
      await this.#files.removeFile(this.#path(kind, name));
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') this.counts.failures++;
    }
    this.counts.misses++;
    return undefined;
  }

  async put(kind: string, name: string, data: Uint8Array): Promise<void> {
    const size = data.length + TRAILER;
    if (size > this.limit) return;
    try {
      await (this.#prepared ??= this.#prepare());
      await makeDirectory(this.#files, this.#join(escape(kind)), 0o700);
      await this.#write(this.#path(kind, name), [data, await entryTrailer(kind, name, data)]);
      this.#bytes! += size;
      if (this.#bytes! > this.limit) await (this.#sweeping ??= this.#sweep());
    } catch {
      this.#prepared = undefined;
      this.counts.failures++;
    }
  }

  /** Forgets one entry; an absent one is fine. */
  async remove(kind: string, name: string): Promise<void> {
    await this.#removeFile(this.#path(kind, name));
  }

  /** Removes the entries of one kind, or all; those with a name to keep stay. Gives what went. */
  async clear(kind?: string, keep: Iterable<string> = []): Promise<CacheCount> {
    const kept = new Set<string>();
    if (kind !== undefined) for (const name of keep) kept.add(this.#path(kind, name));
    return this.#remove((await this.#entries(kind)).filter(({ path }) => !kept.has(path)));
  }

  /** Removes what was not used for longest until no more than so many bytes are left. Gives what went. */
  async shrink(target = this.limit): Promise<CacheCount> {
    const entries = await this.#entries();
    entries.sort((a, b) => (a.mtime < b.mtime ? -1 : a.mtime > b.mtime ? 1 : 0));
    let bytes = entries.reduce((sum, { size }) => sum + size, 0);
    this.#bytes = bytes;
    let gone = 0;
    for (; gone < entries.length && bytes > target; gone++) bytes -= entries[gone].size;
    return this.#remove(entries.slice(0, gone));
  }

  async usage(): Promise<CacheUsage> {
    const usage: CacheUsage = { entries: 0, bytes: 0, kinds: {} };
    for (const { kind, size } of await this.#entries()) {
      const one = (usage.kinds[kind] ??= { entries: 0, bytes: 0 });
      for (const sum of [usage, one]) {
        sum.entries++;
        sum.bytes += size;
      }
    }
    return usage;
  }

  async #read(kind: string, name: string): Promise<Uint8Array | undefined> {
    const path = this.#path(kind, name);
    const handle = await this.#files.open(path, 'read');
    try {
      const { size, mtime } = await handle.stat();
      const stored = new Uint8Array(size);
      const filled = await readFully(handle, stored, 0);
      const data = await openEntry(kind, name, stored.subarray(0, filled));
      const now = this.#clock.now();
      if (data !== undefined && now - mtime > TEN_MINUTES)
        await this.#files.setTimes(path, now).catch(() => this.counts.failures++);
      return data;
    } finally {
      await handle.close();
    }
  }

  /** In place and without fsync: what a crash or a second writer leaves behind fails its checksum. */
  async #write(path: string, parts: readonly Uint8Array[]): Promise<void> {
    const handle = await this.#files.open(path, 'write', 0o600);
    try {
      let at = 0;
      for (const part of parts) {
        await handle.write(part, at);
        at += part.length;
      }
    } finally {
      await handle.close();
    }
  }

  async #prepare(): Promise<void> {
    await makeDirectories(this.#files, this.directory, 0o700);
    const tag = this.#join('CACHEDIR.TAG');
    await this.#write(tag, [new TextEncoder().encode(TAG)]);
    this.#bytes = 0;
    for (const { size } of await this.#entries()) this.#bytes += size;
  }

  /** Makes room: a tenth more than needed, so that the next put need not sweep again. */
  async #sweep(): Promise<void> {
    try {
      await this.shrink(this.limit * 0.9);
    } finally {
      this.#sweeping = undefined;
    }
  }

  async #remove(entries: readonly Entry[]): Promise<CacheCount> {
    const gone = { entries: 0, bytes: 0 };
    for (const { path, size } of entries) {
      await this.#removeFile(path);
      if (this.#bytes !== undefined) this.#bytes -= size;
      gone.entries++;
      gone.bytes += size;
    }
    return gone;
  }

  async #entries(only?: string): Promise<Entry[]> {
    const entries: Entry[] = [];
    const kinds = (await this.#list(this.directory)).filter((item) => item.kind === 'directory');
    for (const { name: kind } of kinds) {
      if (only !== undefined && kind !== escape(only)) continue;
      for (const { name } of await this.#list(this.#join(kind))) {
        const path = this.#join(kind, name);
        const stat = await this.#files.lstat(path).catch(ifMissing);
        if (stat?.kind === 'file') entries.push({ kind, path, size: stat.size, mtime: stat.mtime });
      }
    }
    return entries;
  }

  async #list(path: string) {
    return (await this.#files.list(path).catch(ifMissing)) ?? [];
  }

  async #removeFile(path: string): Promise<void> {
    await this.#files.removeFile(path).catch(ifMissing);
  }

  #path(kind: string, name: string): string {
    return this.#join(escape(kind), escape(name));
  }

  #join(...names: string[]): string {
    return [this.directory, ...names].join(this.#files.separator);
  }
}

/** A name that is safe as one path segment everywhere; different names stay different. */
function escape(name: string): string {
  return name.replace(/[^\w.-]|^\./g, (char) => '%' + char.charCodeAt(0).toString(16).padStart(4, '0'));
}

function ifMissing(error: unknown): undefined {
  if (systemCode(error) !== 'ENOENT') throw error;
}
