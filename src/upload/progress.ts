/** What an upload did so far; one object, updated in place, so that a progress display only reads it. */
export interface UploadProgress {
  hashedFiles: number;
  hashedBytes: number;
  cachedFiles: number;
  cachedBytes: number;
  /** Files being read right now, and their bytes. */
  hashing: number;
  hashingBytes: number;
  directories: number;
  excludedFiles: number;
  excludedBytes: number;
  excludedDirectories: number;
  errors: number;
  ignoredErrors: number;
  /** Sockets, devices and the like that no snapshot can hold. */
  specialFiles: number;
  /** Paths of the first of them. */
  specialPaths: string[];
  /** Files and directories left out because they belong to the repository or its cache. */
  ownFiles: number;
  /** Names whose bytes are not UTF-8: the snapshot cannot keep them exactly. */
  alteredNames: number;
  /** Files that changed while they were read. */
  changedFiles: number;
  /** Bytes read so far, of files under way too. */
  readBytes: number;
  /** Bytes stored in packs. */
  uploadedBytes: number;
  /** Path of the directory being walked. */
  current: string;
  /** Path of the file that was begun last. */
  file: string;
  /** Brings the counts of bytes up to date; for who looks between two files. */
  refresh(): void;
}

const NAMED = 10;

export function countSpecial(progress: UploadProgress, path: string): void {
  if (progress.specialFiles++ < NAMED) progress.specialPaths.push(path);
}

export function newProgress(): UploadProgress {
  return {
    hashedFiles: 0,
    hashedBytes: 0,
    cachedFiles: 0,
    cachedBytes: 0,
    hashing: 0,
    hashingBytes: 0,
    directories: 0,
    excludedFiles: 0,
    excludedBytes: 0,
    excludedDirectories: 0,
    errors: 0,
    ignoredErrors: 0,
    specialFiles: 0,
    specialPaths: [],
    ownFiles: 0,
    alteredNames: 0,
    changedFiles: 0,
    readBytes: 0,
    uploadedBytes: 0,
    current: '',
    file: '',
    refresh() {},
  };
}
