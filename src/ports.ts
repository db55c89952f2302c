/**
 * What a runtime must give, as types only. A port that a runtime lacks is absent, and what needs it says so by name.
 *
 * Paths and file names are JavaScript strings. A byte of a name that is not valid UTF-8 is carried as one lone
 * surrogate U+DC80..U+DCFF (see bytes/name.ts), so that names survive a round trip through the runtime.
 * Errors of file ports carry the system's name in `code`: `ENOENT`, `EACCES`, `ENOSPC`, `EEXIST`, ...
 */

export type FileKind = 'file' | 'directory' | 'symlink' | 'other';

export interface FileStat {
  kind: FileKind;
  /** Unix layout: permission bits, 0o4000 setuid, 0o2000 setgid, 0o1000 sticky. */
  mode: number;
  size: number;
  /** Nanoseconds since 1970, as exact as the runtime can (Deno: whole milliseconds without FFI). */
  mtime: bigint;
  uid: number;
  gid: number;
  /** Device that holds the entry; 0 where the runtime cannot tell. */
  device: number;
  inode: number;
}

export interface FileListItem {
  name: string;
  kind: FileKind;
}

/** `read`: must exist. `create`: must not exist, symlinks are not followed. `write`: created or emptied. `update`: must exist. */
export type OpenMode = 'read' | 'create' | 'write' | 'update';

export interface FileHandle {
  /** Fills `into` from `position`; returns the bytes read, 0 at the end. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Writes all of `data` at `position`. */
  write(data: Uint8Array, position: number): Promise<void>;
  truncate(length: number): Promise<void>;
  stat(): Promise<FileStat>;
  /** Forces data and length to the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface Files {
  readonly separator: '/' | '\\';
  list(path: string): Promise<FileListItem[]>;
  lstat(path: string): Promise<FileStat>;
  /** Follows symlinks. */
  stat(path: string): Promise<FileStat>;
  readFile(path: string): Promise<Uint8Array>;
  readLink(path: string): Promise<string>;
  realPath(path: string): Promise<string>;
  open(path: string, mode: OpenMode, permissions?: number): Promise<FileHandle>;
  /** One level; fails with `EEXIST` when the name is taken. */
  makeDirectory(path: string, permissions?: number): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file or a symlink. */
  removeFile(path: string): Promise<void>;
  /** Removes an empty directory. */
  removeDirectory(path: string): Promise<void>;
  symlink(target: string, path: string): Promise<void>;
  chmod(path: string, mode: number): Promise<void>;
  /** Never follows a symlink. */
  chown(path: string, uid: number, gid: number): Promise<void>;
  /** Sets access and modification time; with `followSymlinks` false a link's own. */
  setTimes(path: string, mtime: bigint, followSymlinks?: boolean): Promise<void>;
  /** Makes a rename or a new name durable; nothing where the system has no such call. */
  syncDirectory(path: string): Promise<void>;
  capacity(path: string): Promise<{ capacity: bigint; available: bigint }>;
}

/** Synchronous calls for the hot path of walk and upload. */
export interface SyncFiles {
  names(path: string): string[];
  lstat(path: string): FileStat;
  readLink(path: string): string;
  openRead(path: string): number;
  /** Reads at the handle's own position when `position` is undefined. */
  read(handle: number, into: Uint8Array, position?: number): number;
  close(handle: number): void;
}

/** Synchronous calls that write whole small files: a promise for each call costs more than the call. */
export interface SyncWriter {
  /** A new file; fails with `EEXIST` when the name is taken, also by a link. */
  create(path: string, permissions: number): number;
  /** Writes all of `data` from the start. */
  write(handle: number, data: Uint8Array): void;
  stat(handle: number): FileStat;
  chmod(handle: number, mode: number): void;
  chown(handle: number, uid: number, gid: number): void;
  setTimes(handle: number, mtime: bigint): void;
  close(handle: number): void;
  rename(from: string, to: string): void;
  removeFile(path: string): void;
}

/** What a file system adapter cannot keep; reported once per command, never silently. */
export interface FileFidelity {
  /** Resolution of modification times read, in nanoseconds. */
  readTimeResolution: number;
  writeTimeResolution: number;
  /** False where names that are not valid UTF-8 reach the program altered. */
  rawNames: boolean;
  /** False where the system has no owners or permission bits. */
  owners: boolean;
}

export interface Clock {
  /** Nanoseconds since 1970. */
  now(): bigint;
  /** Milliseconds of a clock that never goes back. */
  monotonic(): number;
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /** Lets the event loop handle what has arrived meanwhile; takes microseconds where the runtime can. */
  turn(): Promise<void>;
}

/** Fills the array with cryptographically strong random bytes, any length. */
export type Random = (into: Uint8Array) => void;

export type WasmName = 'core' | 'codecs' | 'zstd';

/** Gives a compiled module: a file, a static import or a fetch. */
export type WasmLoader = (name: WasmName) => Promise<WebAssembly.Module>;

/** One AEAD with 32-byte keys, 12-byte nonces and 16-byte tags. */
export interface NativeAead {
  /** Writes ciphertext and tag to `out` (plain.length + 16 bytes). `plain` and `out` may lie in WebAssembly memory. */
  seal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array, out: Uint8Array): void | Promise<void>;
  /** Writes the plaintext to `out` (sealed.length - 16 bytes); false when the tag does not match. */
  open(
    key: Uint8Array,
    nonce: Uint8Array,
    aad: Uint8Array,
    sealed: Uint8Array,
    out: Uint8Array,
  ): boolean | Promise<boolean>;
}

/** What the runtime does natively; every member has a fallback in kernels/. */
export interface Native {
  aesGcm?: NativeAead;
  chachaPoly?: NativeAead;
  /** Streaming SHA-2, returned by a factory so that big inputs need no copy. */
  sha256?(data: Uint8Array): Uint8Array;
  hmacSha256?(key: Uint8Array, data: Uint8Array): Uint8Array;
  hmacSha224?(key: Uint8Array, data: Uint8Array): Uint8Array;
  scrypt?(
    password: Uint8Array,
    salt: Uint8Array,
    cost: { N: number; r: number; p: number },
    length: number,
  ): Uint8Array | Promise<Uint8Array>;
  pbkdf2Sha256?(
    password: Uint8Array,
    salt: Uint8Array,
    iterations: number,
    length: number,
  ): Uint8Array | Promise<Uint8Array>;
  gzip?(data: Uint8Array, level: number): Uint8Array;
  /**
   * Inflates at most `limit` bytes; throws when there are more or the data is bad. Multi-member input is accepted. The
   * result is a new array, or the start of `into`, which need not be used; so for the decoders below.
   */
  gunzip?(data: Uint8Array, limit: number, into?: Uint8Array): Uint8Array;
  deflateRaw?(data: Uint8Array, level: number): Uint8Array;
  inflateRaw?(data: Uint8Array, limit: number, into?: Uint8Array): Uint8Array;
  zstdCompress?(data: Uint8Array, level: number): Uint8Array;
  zstdDecompress?(data: Uint8Array, limit: number, into?: Uint8Array): Uint8Array;
}

/** A worker of the same runtime that runs one of the package's worker programs and builds its own ports. */
export interface WorkerChannel {
  post(message: unknown, transfer?: ArrayBuffer[]): void;
  onMessage(handler: (message: unknown) => void): void;
  onError(handler: (error: Error) => void): void;
  close(): void;
}

export type WorkerProgram = 'upload' | 'look' | 'restore';

export type Spawn = (program: WorkerProgram) => WorkerChannel;

export interface Environment {
  readonly runtime: 'node' | 'deno' | 'bun' | 'workerd' | 'browser';
  readonly runtimeVersion: string;
  readonly platform: 'linux' | 'darwin' | 'windows' | 'other';
  readonly processId: number;
  readonly cpuCount: number;
  variable(name: string): string | undefined;
  /** Absent where there is none (serverless). */
  homeDirectory(): string | undefined;
  temporaryDirectory(): string;
  currentDirectory(): string;
  /** Login name; undefined when the system cannot tell. */
  userName(): string | undefined;
  hostName(): string | undefined;
  userId(): number | undefined;
}

export interface SubprocessOptions {
  cwd?: string;
  /** Added to the program's own environment. */
  env?: Record<string, string>;
  /** Milliseconds after which it is killed, with all that it started. */
  timeout?: number;
  input?: Uint8Array;
  onStderr?(data: Uint8Array): void;
  /** Only started: the result comes at once with status 0, output goes nowhere, the program may end before it. */
  background?: boolean;
  /** It gets this program's terminal; nothing of its output is kept. */
  terminal?: boolean;
  signal?: AbortSignal;
}

export interface SubprocessResult {
  /** Exit status; undefined when it was killed. */
  status: number | undefined;
  /** The first megabyte of standard output. */
  stdout: Uint8Array;
  timedOut: boolean;
}

/** Runs other programs. Fails with the system's `code` when one cannot be started. */
export interface Subprocess {
  run(command: string, args: readonly string[], options?: SubprocessOptions): Promise<SubprocessResult>;
}

export interface Terminal {
  /** Text or bytes to standard output; resolves when accepted, so that writers feel a slow reader. */
  out(data: string | Uint8Array): Promise<void>;
  err(data: string): void;
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  readonly inIsTerminal: boolean;
  readonly columns: number;
  /** Asks without echo, on the terminal device or standard error; undefined when there is no terminal. */
  askSecret(prompt: string): Promise<string | undefined>;
  ask(prompt: string): Promise<string | undefined>;
  input(): AsyncIterable<Uint8Array>;
  /** Calls `handler` on Ctrl-C or SIGTERM; the returned function stops that. */
  onInterrupt(handler: (signal: string) => void): () => void;
}

export interface Ports {
  clock: Clock;
  random: Random;
  wasm: WasmLoader;
  native: Native;
  files?: Files;
  syncFiles?: SyncFiles;
  syncWriter?: SyncWriter;
  fidelity?: FileFidelity;
  spawn?: Spawn;
  fetch?: typeof globalThis.fetch;
  environment?: Environment;
  terminal?: Terminal;
  subprocess?: Subprocess;
}
