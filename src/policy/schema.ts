/**
 * Every field of a policy: in the order it is written, with its type and how it is inherited. Reading, writing and
 * merging all walk this one table (spec/snapshots-and-policies.md section 4.2).
 */

/** `optional` types tell absent from 0 or false; the others are left out when zero or empty. */
export type FieldType =
  | 'optional-int'
  | 'optional-bool'
  | 'optional-large'
  | 'large'
  | 'bool'
  | 'string'
  | 'strings'
  | 'times'
  | 'command';

/**
 * `first`: first value that is there wins. `union`: values of all levels until the `stop` flag is set.
 * `own`: only from the target itself. `stop`: carried by the union that it ends.
 */
export type Inheritance = 'first' | 'union' | 'own' | 'stop';

export interface Field {
  readonly type: FieldType;
  readonly inherit: Inheritance;
  readonly stop?: string;
}

export type Section = { readonly [key: string]: Field | Section };

const field = (type: FieldType, inherit: Inheritance = 'first', stop?: string): Field => ({ type, inherit, stop });
const int = field('optional-int');
const flag = field('optional-bool');
const bool = field('bool');
const stop = field('bool', 'stop');
const large = field('large');
const text = field('string');
const list = field('strings');
const command = field('command');
const ownCommand = field('command', 'own');

export const policySchema = {
  retention: {
    keepLatest: int,
    keepHourly: int,
    keepDaily: int,
    keepWeekly: int,
    keepMonthly: int,
    keepAnnual: int,
    ignoreIdenticalSnapshots: flag,
  },
  files: {
    ignore: list,
    noParentIgnore: bool,
    ignoreDotFiles: list,
    noParentDotFiles: bool,
    ignoreCacheDirs: flag,
    maxFileSize: large,
    oneFileSystem: flag,
  },
  errorHandling: { ignoreFileErrors: flag, ignoreDirectoryErrors: flag, ignoreUnknownTypes: flag },
  scheduling: {
    intervalSeconds: large,
    timeOfDay: field('times', 'union', 'noParentTimeOfDay'),
    noParentTimeOfDay: stop,
    manual: bool,
    cron: list,
    runMissed: flag,
  },
  compression: {
    compressorName: text,
    onlyCompress: field('strings', 'union', 'noParentOnlyCompress'),
    noParentOnlyCompress: stop,
    neverCompress: field('strings', 'union', 'noParentNeverCompress'),
    noParentNeverCompress: stop,
    minSize: large,
    maxSize: large,
  },
  metadataCompression: { compressorName: text },
  splitter: { algorithm: text },
  actions: {
    beforeFolder: ownCommand,
    afterFolder: ownCommand,
    beforeSnapshotRoot: command,
    afterSnapshotRoot: command,
  },
  osSnapshots: { volumeShadowCopy: { enable: int } },
  logging: {
    directories: { snapshotted: int, ignored: int },
    entries: { snapshotted: int, ignored: int, cacheHit: int, cacheMiss: int },
  },
  upload: { maxParallelSnapshots: int, maxParallelFileReads: int, parallelUploadAboveSize: field('optional-large') },
  noParent: stop,
} satisfies Section;

export function isField(node: Field | Section): node is Field {
  return typeof node.type === 'string';
}

/** True for a value that says nothing: absent, or zero or empty where the type has no "set to zero". */
export function isUnset(type: FieldType, value: unknown): boolean {
  if (value === undefined) return true;
  if (type.startsWith('optional') || type === 'command') return false;
  return value === false || value === '' || value === 0 || value === 0n || (Array.isArray(value) && value.length === 0);
}
