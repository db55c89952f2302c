/** The policy document (spec/snapshots-and-policies.md section 4.2). An absent member is inherited. */
import type { SourceInfo } from './source.ts';

/** Bytes or seconds of any 64-bit size; beyond 2^53 they are bigint. */
export type Large = number | bigint;

export interface RetentionPolicy {
  keepLatest?: number;
  keepHourly?: number;
  keepDaily?: number;
  keepWeekly?: number;
  keepMonthly?: number;
  keepAnnual?: number;
  ignoreIdenticalSnapshots?: boolean;
}

export interface FilesPolicy {
  ignore?: string[];
  noParentIgnore?: boolean;
  ignoreDotFiles?: string[];
  noParentDotFiles?: boolean;
  ignoreCacheDirs?: boolean;
  /** Bytes; 0 is no limit. */
  maxFileSize?: Large;
  oneFileSystem?: boolean;
}

export interface ErrorHandlingPolicy {
  ignoreFileErrors?: boolean;
  ignoreDirectoryErrors?: boolean;
  ignoreUnknownTypes?: boolean;
}

export interface TimeOfDay {
  hour: number;
  min: number;
}

export interface SchedulingPolicy {
  intervalSeconds?: Large;
  timeOfDay?: TimeOfDay[];
  noParentTimeOfDay?: boolean;
  manual?: boolean;
  cron?: string[];
  runMissed?: boolean;
}

export interface CompressionPolicy {
  compressorName?: string;
  onlyCompress?: string[];
  noParentOnlyCompress?: boolean;
  neverCompress?: string[];
  noParentNeverCompress?: boolean;
  minSize?: Large;
  maxSize?: Large;
}

export interface ActionCommand {
  path?: string;
  args?: string[];
  script?: string;
  /** Seconds; 0 is the default of 180. */
  timeout?: number;
  mode?: string;
}

export interface ActionsPolicy {
  beforeFolder?: ActionCommand;
  afterFolder?: ActionCommand;
  beforeSnapshotRoot?: ActionCommand;
  afterSnapshotRoot?: ActionCommand;
}

export interface LoggingPolicy {
  /** Detail 0..10. */
  directories: { snapshotted?: number; ignored?: number };
  entries: { snapshotted?: number; ignored?: number; cacheHit?: number; cacheMiss?: number };
}

export interface UploadPolicy {
  maxParallelSnapshots?: number;
  maxParallelFileReads?: number;
  /** Bytes. */
  parallelUploadAboveSize?: Large;
}

/** Keys that this program does not know stay in the objects at run time and are written again. */
export interface Policy {
  retention: RetentionPolicy;
  files: FilesPolicy;
  errorHandling: ErrorHandlingPolicy;
  scheduling: SchedulingPolicy;
  compression: CompressionPolicy;
  metadataCompression: { compressorName?: string };
  splitter: { algorithm?: string };
  actions: ActionsPolicy;
  /** 0 never, 1 always, 2 when available. */
  osSnapshots: { volumeShadowCopy: { enable?: number } };
  logging: LoggingPolicy;
  upload: UploadPolicy;
  /** Nothing is inherited from more general policies, nor from the built-in one. */
  noParent?: boolean;
}

type NoOrigin =
  | 'noParent'
  | 'noParentTimeOfDay'
  | 'noParentOnlyCompress'
  | 'noParentNeverCompress'
  | 'beforeFolder'
  | 'afterFolder';
type Leaf = Large | boolean | string | readonly unknown[] | ActionCommand;
type Origins<T> = {
  [K in keyof T as K extends NoOrigin ? never : K]-?: NonNullable<T[K]> extends Leaf
    ? SourceInfo
    : Origins<NonNullable<T[K]>>;
};

/** For each field of an effective policy, the target that supplied it; the global one also for built-in values. */
export type Definition = Origins<Policy>;

export function emptyPolicy(): Policy {
  return {
    retention: {},
    files: {},
    errorHandling: {},
    scheduling: {},
    compression: {},
    metadataCompression: {},
    splitter: {},
    actions: {},
    osSnapshots: { volumeShadowCopy: {} },
    logging: { directories: {}, entries: {} },
    upload: {},
  };
}

/** What a source has when no policy says otherwise. */
export function builtInPolicy(): Policy {
  return {
    retention: {
      keepLatest: 10,
      keepHourly: 48,
      keepDaily: 7,
      keepWeekly: 4,
      keepMonthly: 24,
      keepAnnual: 3,
      ignoreIdenticalSnapshots: false,
    },
    files: { ignoreDotFiles: ['.kopiaignore'] },
    errorHandling: { ignoreFileErrors: false, ignoreDirectoryErrors: false, ignoreUnknownTypes: true },
    scheduling: { runMissed: true },
    compression: { compressorName: 'none' },
    metadataCompression: { compressorName: 'zstd-fastest' },
    splitter: {},
    actions: {},
    osSnapshots: { volumeShadowCopy: { enable: 0 } },
    logging: {
      directories: { snapshotted: 5, ignored: 5 },
      entries: { snapshotted: 0, ignored: 5, cacheHit: 0, cacheMiss: 0 },
    },
    upload: { maxParallelSnapshots: 1, parallelUploadAboveSize: 2 ** 31 },
  };
}
