import { utf8 } from '../bytes/gather.ts';
import type { BlobMetadata, BlobStorage } from '../blob/storage.ts';
import { CairnError } from '../errors.ts';
import { defaultEpochs } from './epoch-parameters.ts';
import {
  openFormat,
  readFormatBlobs,
  retentionFor,
  sealFormat,
  type CryptoPorts,
  type RepositoryFormat,
} from './format.ts';
import { parseRepositoryBlob, REPOSITORY } from './repository-blob.ts';
import { upgradeLockOf, upgradeLockToJson, type UpgradeLock } from './upgrade-lock.ts';

/**
 * The steps of an upgrade that change kopia.repository (spec/repository-format.md section 2.7). Each reads the stored
 * blob first and is safe to repeat; moving the indexes lies between `placeUpgradeLock` and `enableEpochs`.
 */
export const BACKUP = 'kopia.repository.backup.';
const NEWEST_VERSION = 3;

async function stored(
  storage: BlobStorage,
  { formatKey }: Pick<RepositoryFormat, 'formatKey'>,
  { native }: CryptoPorts,
) {
  const blobs = await readFormatBlobs(storage);
  return { bytes: blobs.repository, format: await openFormat(blobs, { formatKey }, native) };
}

async function write(storage: BlobStorage, format: RepositoryFormat, ports: CryptoPorts): Promise<RepositoryFormat> {
  const blobs = await sealFormat(format, ports);
  await storage.put(REPOSITORY, blobs.repository, retentionFor(REPOSITORY, format.blobConfig));
  return openFormat(blobs, { formatKey: format.formatKey }, ports.native);
}

export function checkUpgradeLockTimes(lock: UpgradeLock): void {
  const bad = (why: string) => new CairnError('invalid-argument', `invalid upgrade lock: ${why}`);
  if (lock.ownerId === '') throw bad('it needs a unique owner ID');
  if (lock.message === '') throw bad('it needs a message');
  if (lock.ioDrainTimeout <= 0n) throw bad('the I/O drain timeout must be more than 0');
  if (lock.statusPollInterval <= 0n || lock.statusPollInterval > lock.ioDrainTimeout)
    throw bad('the status poll interval must be more than 0 and at most the I/O drain timeout');
  if (lock.maxPermittedClockDrift <= 0n) throw bad('the permitted clock drift must be more than 0');
  const drain = lock.maxPermittedClockDrift + 2n * lock.ioDrainTimeout;
  if (lock.advanceNotice !== 0n && lock.advanceNotice < drain)
    throw bad('the advance notice is shorter than the time to drain clients');
}

/** Locks other clients out: the backup of kopia.repository first, then the lock and the new version in it. */
export async function placeUpgradeLock(
  storage: BlobStorage,
  opened: RepositoryFormat,
  lock: UpgradeLock,
  ports: CryptoPorts,
): Promise<RepositoryFormat> {
  checkUpgradeLockTimes(lock);
  const { bytes, format } = await stored(storage, opened, ports);
  const held = upgradeLockOf(format.parameters);
  if (held !== undefined) {
    if (held.ownerId !== lock.ownerId)
      throw new CairnError('locked', `the repository is being upgraded by '${held.ownerId}'`, {
        data: { owner: held.ownerId },
        hint: `go on as that owner with --upgrade-owner-id, or 'cairn repository upgrade rollback --force'`,
      });
    return format;
  }
  if (format.parameters.version >= NEWEST_VERSION)
    throw new CairnError(
      'unsupported',
      `repository is using version ${format.parameters.version}, and version ${NEWEST_VERSION} is the maximum`,
    );
  await storage.put(BACKUP + lock.ownerId, bytes);
  const parameters = { ...format.parameters, upgradeLock: upgradeLockToJson(lock), version: NEWEST_VERSION };
  return write(storage, { ...format, parameters }, ports);
}

/** Turns epochs and the new index version on; the indexes must have been moved. `minimumVersion` raises the version. */
export async function enableEpochs(
  storage: BlobStorage,
  opened: RepositoryFormat,
  ports: CryptoPorts,
  minimumVersion = 2,
): Promise<RepositoryFormat> {
  const { format } = await stored(storage, opened, ports);
  const { parameters: old } = format;
  const epochParameters = old.epochParameters.enabled ? old.epochParameters : { ...defaultEpochs };
  const parameters = { ...old, epochParameters, indexVersion: 2, version: Math.max(old.version, minimumVersion) };
  return write(storage, { ...format, parameters }, ports);
}

/** Keeps programs from before epochs away: they fail to read it as an index blob. */
export async function writePoison(storage: BlobStorage, format: RepositoryFormat, poison: string): Promise<void> {
  const text = 'The repository has been upgraded to a format that this version of the program does not support.';
  await storage.put(poison, utf8(text), retentionFor(poison, format.blobConfig));
}

/** Lets other clients in again. */
export async function removeUpgradeLock(
  storage: BlobStorage,
  opened: RepositoryFormat,
  ports: CryptoPorts,
): Promise<RepositoryFormat> {
  const { format } = await stored(storage, opened, ports);
  if (format.parameters.upgradeLock === undefined) throw new CairnError('invalid-argument', 'no upgrade in progress');
  return write(storage, { ...format, parameters: { ...format.parameters, upgradeLock: undefined } }, ports);
}

/** Puts back kopia.repository as it was before the first lock, then deletes the backups, the one put back last. */
export async function rollbackUpgrade(
  storage: BlobStorage,
  opened: RepositoryFormat,
  ports: CryptoPorts,
): Promise<RepositoryFormat> {
  const { format } = await stored(storage, opened, ports);
  if (format.parameters.upgradeLock === undefined) throw new CairnError('invalid-argument', 'no upgrade in progress');
  const backups: BlobMetadata[] = [];
  for await (const blob of storage.list(BACKUP)) backups.push(blob);
  backups.sort((a, b) => (a.timestamp < b.timestamp ? -1 : a.timestamp > b.timestamp ? 1 : 0));
  if (backups.length === 0)
    throw new CairnError('blob-not-found', `no ${BACKUP}... blob is left to go back to`, {
      hint: "finish the upgrade with 'cairn repository upgrade begin' as its owner",
    });
  const bytes = await storage.get(backups[0].id);
  parseRepositoryBlob(bytes);
  const blobs = await readFormatBlobs(storage);
  const restored = await openFormat({ ...blobs, repository: bytes }, { formatKey: opened.formatKey }, ports.native);
  await storage.put(REPOSITORY, bytes, retentionFor(REPOSITORY, restored.blobConfig));
  for (const { id } of backups.toReversed()) await storage.delete(id);
  return restored;
}
