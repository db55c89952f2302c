import { isObject, member, type Json } from '../bytes/json.ts';
import type { BlobStorage } from '../blob/storage.ts';
import { CairnError } from '../errors.ts';
import { BLOBCFG, checkRetention, type BlobConfig } from './blobcfg.ts';
import { checkEpochParameters, type EpochParameters } from './epoch-parameters.ts';
import {
  openFormat,
  readFormatBlobs,
  retentionFor,
  sealFormat,
  type CryptoPorts,
  type RepositoryFormat,
} from './format.ts';
import type { RepositoryParameters } from './parameters.ts';
import { REPOSITORY } from './repository-blob.ts';

/** What may change in a repository (spec/storage-and-maintenance.md section 4.5); the rest is fixed at creation. */
export interface ParameterChanges {
  /** Bytes, 10 to 120 MiB. */
  maxPackSize?: number;
  /** Only upward. */
  indexVersion?: number;
  /** `none` ends object locking. */
  retentionMode?: string;
  /** Nanoseconds. */
  retentionPeriod?: bigint;
  epochs?: Partial<Omit<EpochParameters, 'enabled'>>;
  addRequiredFeature?: { feature: string; warn: boolean };
  removeRequiredFeature?: string;
}

const MIB = 1 << 20;

/** The format with the changes made and checked; nothing is written. */
export function changeParameters(format: RepositoryFormat, changes: ParameterChanges): RepositoryFormat {
  const parameters: RepositoryParameters = { ...format.parameters };
  const { maxPackSize, indexVersion, epochs } = changes;
  if (maxPackSize !== undefined) {
    if (!Number.isInteger(maxPackSize) || maxPackSize < 10 * MIB || maxPackSize > 120 * MIB)
      throw new CairnError(
        'invalid-argument',
        `invalid max pack size ${maxPackSize}: it must be between 10 and 120 MiB`,
      );
    parameters.maxPackSize = maxPackSize;
  }
  if (indexVersion !== undefined) {
    if (indexVersion !== 1 && indexVersion !== 2)
      throw new CairnError('invalid-argument', `invalid index version ${indexVersion}: 1 and 2 are there`);
    if (indexVersion < parameters.indexVersion)
      throw new CairnError(
        'invalid-argument',
        `index format version can only be upgraded: it is ${parameters.indexVersion}`,
      );
    parameters.indexVersion = indexVersion;
  }
  if (epochs !== undefined && Object.values(epochs).some((value) => value !== undefined)) {
    if (!parameters.epochParameters.enabled)
      throw new CairnError('unsupported', 'this repository does not use epochs', {
        hint: "'cairn repository set-parameters --upgrade' changes it to them",
      });
    parameters.epochParameters = { ...parameters.epochParameters, ...defined(epochs) };
    checkEpochParameters(parameters.epochParameters);
  }
  parameters.requiredFeatures = features(parameters.requiredFeatures, changes);
  return { ...format, parameters, blobConfig: retention(format.blobConfig, changes) };
}

function defined<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function features(
  current: readonly Json[],
  { addRequiredFeature: add, removeRequiredFeature: remove }: ParameterChanges,
): readonly Json[] {
  const without = (name: string | undefined) =>
    current.filter((item) => !isObject(item) || member(item, 'feature') !== name);
  if (add !== undefined)
    return [...without(add.feature), { feature: add.feature, ifNotUnderstood: { warn: add.warn } }];
  return remove === undefined ? current : without(remove);
}

function retention(config: BlobConfig, { retentionMode, retentionPeriod }: ParameterChanges): BlobConfig {
  if (retentionMode === undefined && retentionPeriod === undefined) return config;
  if (retentionMode === 'none') {
    if (retentionPeriod !== undefined && retentionPeriod !== 0n)
      throw new CairnError('invalid-argument', 'a retention period needs a retention mode other than none');
    return { ...config, retention: undefined };
  }
  const mode = retentionMode ?? config.retention?.mode;
  const period = retentionPeriod ?? config.retention?.period;
  if (mode === undefined || period === undefined)
    throw new CairnError('invalid-argument', 'both retention mode and period must be given');
  const changed = { mode, period };
  checkRetention(changed);
  return { ...config, retention: changed };
}

/**
 * Changes parameters of the repository as it is stored now, so that nothing that another program changed meanwhile is
 * undone. Other clients see it within 15 minutes.
 */
export async function setParameters(
  storage: BlobStorage,
  opened: Pick<RepositoryFormat, 'formatKey'>,
  changes: ParameterChanges,
  ports: CryptoPorts,
): Promise<RepositoryFormat> {
  const current = await openFormat(await readFormatBlobs(storage), { formatKey: opened.formatKey }, ports.native);
  return storeFormat(storage, changeParameters(current, changes), ports);
}

/** Writes both blobs, kopia.blobcfg first, and gives the format as it is stored. */
export async function storeFormat(
  storage: BlobStorage,
  format: RepositoryFormat,
  ports: CryptoPorts,
): Promise<RepositoryFormat> {
  const blobs = await sealFormat(format, ports);
  await storage.put(BLOBCFG, blobs.blobcfg, retentionFor(BLOBCFG, format.blobConfig));
  await storage.put(REPOSITORY, blobs.repository, retentionFor(REPOSITORY, format.blobConfig));
  return openFormat(blobs, { formatKey: format.formatKey }, ports.native);
}
