import type { BlobStorage } from '../blob/storage.ts';
import { CairnError } from '../errors.ts';
import { deriveFormatKey, DEFAULT_KEY_ALGORITHM } from '../kernels/derive.ts';
import { BLOBCFG, checkRetention } from './blobcfg.ts';
import { defaultEpochs, noEpochs } from './epoch-parameters.ts';
import { retentionFor, sealFormat, type CryptoPorts, type RepositoryFormat } from './format.ts';
import { DEFAULT_MAX_PACK_SIZE } from './parameters.ts';
import { REPOSITORY } from './repository-blob.ts';
import type { BlobRetention } from '../blob/storage.ts';

/** Choices at creation; what is left out is Kopia's default (spec/repository-format.md section 2.3). */
export interface CreateOptions {
  hash?: string;
  encryption?: string;
  splitter?: string;
  ecc?: string;
  eccOverheadPercent?: number;
  /** 1, 2 or 3 (default). */
  formatVersion?: number;
  keyAlgorithm?: string;
  retention?: BlobRetention;
  /** Free text that names the program in kopia.repository. */
  buildVersion?: string;
}

/** Draws the keys of a new repository. Nothing is written yet. */
export async function newFormat(
  password: string,
  options: CreateOptions,
  ports: CryptoPorts,
): Promise<RepositoryFormat> {
  const version = options.formatVersion ?? 3;
  if (version !== 1 && version !== 2 && version !== 3)
    throw new CairnError('unsupported-version', `format version ${version} is not supported (1 to 3 are)`);
  if (password === '') throw new CairnError('invalid-argument', 'the repository password must not be empty');
  checkRetention(options.retention);
  const percent = options.eccOverheadPercent ?? 0;
  if (!Number.isInteger(percent) || percent < 0 || percent > 100)
    throw new CairnError('invalid-argument', `invalid ECC overhead ${percent} %: it is a whole number from 0 to 100`);
  const withEcc = version > 1 && percent > 0;
  const draw = (length: number) => {
    const bytes = new Uint8Array(length);
    ports.random(bytes);
    return bytes;
  };
  const uniqueId = draw(32);
  const keyAlgorithm = options.keyAlgorithm ?? DEFAULT_KEY_ALGORITHM;
  return {
    uniqueId,
    outer: {
      uniqueId,
      keyAlgorithm,
      encryption: 'AES256_GCM',
      sealed: new Uint8Array(0),
      json: {
        tool: 'https://github.com/kopia/kopia',
        buildVersion: options.buildVersion ?? 'cairn',
        buildInfo: '',
      },
    },
    parameters: {
      hash: options.hash ?? 'BLAKE2B-256-128',
      encryption: options.encryption ?? 'AES256-GCM-HMAC-SHA256',
      ecc: withEcc ? (options.ecc ?? 'REED-SOLOMON-CRC32') : '',
      eccOverheadPercent: withEcc ? percent : 0,
      secret: draw(32),
      masterKey: draw(32),
      version,
      maxPackSize: DEFAULT_MAX_PACK_SIZE,
      indexVersion: version === 1 ? 1 : 2,
      epochParameters: version === 1 ? { ...noEpochs } : { ...defaultEpochs },
      enablePasswordChange: version !== 1,
      splitter: options.splitter ?? 'DYNAMIC-4M-BUZHASH',
      upgradeLock: undefined,
      requiredFeatures: [],
      unknown: {},
    },
    blobConfig: { retention: options.retention, unknown: {} },
    formatKey: await deriveFormatKey(keyAlgorithm, password, uniqueId, ports.native),
  };
}

/** Refuses a storage that already holds blobs; it must be asked before anything is written. */
export async function checkEmpty(storage: BlobStorage): Promise<void> {
  const ids = new Set<string>();
  for await (const blob of storage.list('')) {
    ids.add(blob.id);
    if (ids.has(REPOSITORY) || ids.size > 100) break;
  }
  if (ids.size === 0) return;
  const where = storage.displayName;
  if (ids.has(REPOSITORY))
    throw new CairnError('already-initialized', `found existing data in storage location: ${where} is a repository`, {
      hint: "connect to it with 'cairn repository connect', or choose another location",
    });
  if (ids.has(BLOBCFG) && ids.size === 1)
    throw new CairnError(
      'already-initialized',
      `possible corruption: ${BLOBCFG} exists in ${where}, but ${REPOSITORY} does not`,
      {
        hint: `if an earlier 'repository create' was interrupted there, delete ${BLOBCFG} and run it again`,
      },
    );
  throw new CairnError('already-initialized', `found existing data in storage location: ${where}`, {
    hint: 'choose an empty location for the new repository',
  });
}

/** Writes kopia.blobcfg, then kopia.repository, so that what looks like a repository is one. */
export async function writeFormat(storage: BlobStorage, format: RepositoryFormat, ports: CryptoPorts): Promise<void> {
  const blobs = await sealFormat(format, ports);
  await storage.put(BLOBCFG, blobs.blobcfg, retentionFor(BLOBCFG, format.blobConfig));
  await storage.put(REPOSITORY, blobs.repository, retentionFor(REPOSITORY, format.blobConfig));
}
