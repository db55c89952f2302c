import { formatSize } from '../bytes/size.ts';
import type { ErrorCode } from '../errors.ts';
import { noCounters, type TargetCounters } from './target.ts';

export interface RestoreError {
  /** From the restored root. */
  path: string;
  code: ErrorCode;
  message: string;
}

export interface RestoreStats extends TargetCounters {
  files: number;
  /** Bytes of those files. */
  bytes: number;
  directories: number;
  symlinks: number;
  /** Files and folders that a shallow restore only hints at. */
  placeholders: number;
  /** Files and links that were there and stay. */
  skipped: number;
  skippedBytes: number;
  /** Entries that were not restored though errors are ignored. */
  errorCount: number;
  /** The first of them. */
  errors: RestoreError[];
  /** Files of which an interrupted upload stored only the beginning: written as far as they go, not counted as files. */
  partialFiles: string[];
  /** Entries that got another name because theirs was taken. */
  renamed: { path: string; name: string }[];
}

export function emptyRestoreStats(): RestoreStats {
  return {
    files: 0,
    bytes: 0,
    directories: 0,
    symlinks: 0,
    placeholders: 0,
    skipped: 0,
    skippedBytes: 0,
    errorCount: 0,
    errors: [],
    partialFiles: [],
    renamed: [],
    ...noCounters(),
  };
}

/** Kopia's last line: `Restored 10 files, 1 directories and 0 symbolic links (39.8 MB).` */
export function restoreSummary(stats: RestoreStats, base2 = false): string {
  const size = (bytes: number) => formatSize(bytes, base2);
  let text = `Restored ${stats.files} files, ${stats.directories} directories and ${stats.symlinks} symbolic links (${size(stats.bytes)})`;
  if (stats.placeholders > 0) text += `, ${stats.placeholders} placeholders`;
  if (stats.skipped > 0) text += `, skipped ${stats.skipped} (${size(stats.skippedBytes)})`;
  if (stats.deletedDirectories > 0) text += `, deleted directories ${stats.deletedDirectories}`;
  if (stats.deletedFiles > 0) text += `, deleted files ${stats.deletedFiles}`;
  if (stats.deletedSymlinks > 0) text += `, deleted symbolic links ${stats.deletedSymlinks}`;
  if (stats.errorCount > 0) text += `, ignored ${stats.errorCount} errors`;
  return text + '.';
}
