import type { BlobStorage } from '../blob/storage.ts';
import type { JsonObject } from '../bytes/json.ts';
import { CairnError } from '../errors.ts';
import { checkEmpty, newFormat, writeFormat, type CreateOptions } from '../format/create.ts';
import { cipherNames } from '../kernels/cipher.ts';
import { keyAlgorithmNames } from '../kernels/derive.ts';
import { hasherNames } from '../kernels/hasher.ts';
import { splitterNames } from '../kernels/splitter.ts';
import { policyToJson } from '../policy/document.ts';
import { builtInPolicy } from '../policy/policy.ts';
import { GLOBAL, policyLabels } from '../policy/source.ts';
import type { Ports } from '../ports.ts';
import { openRepository } from './open.ts';
import type { OpenOptions } from './state.ts';
import type { Repository } from './repository.ts';

const MINUTE = 60_000_000_000n;

/** Maintenance parameters of a new repository (spec/storage-and-maintenance.md section 6.1). */
export function defaultMaintenance(owner: string): JsonObject {
  return {
    owner,
    quick: { enabled: true, interval: 60n * MINUTE },
    full: { enabled: true, interval: 1440n * MINUTE },
    logRetention: { maxTotalSize: 1 << 30, maxCount: 10000, maxAge: 43_200n * MINUTE },
    extendObjectLocks: false,
    listParallelism: 0,
  };
}

/**
 * Makes a repository in an empty storage and opens it: format blobs, then the global policy and the maintenance owner,
 * as Kopia does. Nothing is written before every choice is known to be valid.
 */
export async function createRepository(
  storage: BlobStorage,
  password: string,
  ports: Ports,
  options: CreateOptions & OpenOptions = {},
): Promise<Repository> {
  check('hash', options.hash, hasherNames);
  check('encryption', options.encryption, cipherNames);
  check('splitter', options.splitter, splitterNames);
  check('key derivation', options.keyAlgorithm, keyAlgorithmNames);
  check('error correction', options.ecc, ['REED-SOLOMON-CRC32']);
  const format = await newFormat(password, options, ports);
  await checkEmpty(storage);
  await writeFormat(storage, format, ports);
  const repository = await openRepository(storage, { formatKey: format.formatKey }, ports, options);
  const session = repository.writeSession();
  const { user, host } = repository.identity;
  await session.manifests.put(policyLabels(GLOBAL), policyToJson(builtInPolicy()));
  await session.manifests.put({ type: 'maintenance' }, defaultMaintenance(`${user}@${host}`));
  await session.close();
  await repository.refresh();
  return repository;
}

function check(what: string, value: string | undefined, allowed: readonly string[]): void {
  if (value === undefined || allowed.includes(value)) return;
  throw new CairnError('unknown-algorithm', `unknown ${what} '${value}'`, { hint: `one of ${allowed.join(', ')}` });
}
