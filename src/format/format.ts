import { fromUtf8, utf8 } from '../bytes/gather.ts';
import { encodeJson, isObject, member, parseJson } from '../bytes/json.ts';
import type { BlobStorage } from '../blob/storage.ts';
import { CairnError, isCairnError } from '../errors.ts';
import { deriveFormatKey, hkdfSha256 } from '../kernels/derive.ts';
import type { Native, Random } from '../ports.ts';
import { BLOBCFG, blobConfigFromBytes, blobConfigToBytes, type BlobConfig } from './blobcfg.ts';
import { checkParameters, parametersFromJson, parametersToJson, type RepositoryParameters } from './parameters.ts';
import { encodeRepositoryBlob, parseRepositoryBlob, REPOSITORY, type RepositoryBlob } from './repository-blob.ts';
import { formatSealKey, seal, unseal } from './seal.ts';

/** An opened format: what kopia.repository and kopia.blobcfg say, and the key that opened them. */
export interface RepositoryFormat {
  outer: RepositoryBlob;
  uniqueId: Uint8Array;
  parameters: RepositoryParameters;
  blobConfig: BlobConfig;
  /** Derived from the password; whoever has it needs no password. */
  formatKey: Uint8Array;
}

/** A password, or the key derived from it earlier. */
export type Credentials = { password: string } | { formatKey: Uint8Array };

export interface CryptoPorts {
  native: Native;
  random: Random;
}

/** The two blobs as stored; `blobcfg` undefined when the repository has none. */
export interface FormatBlobs {
  repository: Uint8Array;
  blobcfg: Uint8Array | undefined;
}

export async function readFormatBlobs(storage: BlobStorage): Promise<FormatBlobs> {
  const optional = async (id: string) => {
    try {
      return await storage.get(id);
    } catch (error) {
      if (isCairnError(error, 'blob-not-found')) return undefined;
      throw error;
    }
  };
  const [repository, blobcfg] = await Promise.all([optional(REPOSITORY), optional(BLOBCFG)]);
  if (repository === undefined)
    throw new CairnError('not-a-repository', 'repository not initialized in the provided storage', {
      data: { storage: storage.displayName },
      hint: `no ${REPOSITORY} in ${storage.displayName}: check the location, or make a repository there with 'cairn repository create'`,
    });
  return { repository, blobcfg };
}

/** Opens both blobs; `wrong-password` when the key does not fit. */
export async function openFormat(
  blobs: FormatBlobs,
  credentials: Credentials,
  native: Native,
): Promise<RepositoryFormat> {
  const outer = parseRepositoryBlob(blobs.repository);
  const formatKey =
    'formatKey' in credentials
      ? credentials.formatKey
      : await deriveFormatKey(outer.keyAlgorithm, credentials.password, outer.uniqueId, native);
  const key = formatSealKey(formatKey, outer.uniqueId);
  let plain: Uint8Array;
  try {
    plain = await unseal(outer.sealed, key, native);
  } catch (cause) {
    throw new CairnError('wrong-password', 'invalid repository password', {
      cause,
      hint: 'the password does not open this repository (upper and lower case matter); if you are sure of it, kopia.repository is damaged',
    });
  }
  let sealed;
  try {
    sealed = parseJson(fromUtf8(plain));
  } catch (cause) {
    throw new CairnError('corrupt', `the sealed part of ${REPOSITORY} is not JSON`, { cause });
  }
  const parameters = parametersFromJson(isObject(sealed) ? member(sealed, 'format') : undefined);
  checkParameters(parameters);
  return {
    outer,
    uniqueId: outer.uniqueId,
    parameters,
    blobConfig: await openBlobConfig(blobs.blobcfg, key, native),
    formatKey,
  };
}

async function openBlobConfig(blob: Uint8Array | undefined, key: { key: Uint8Array; aad: Uint8Array }, native: Native) {
  if (blob === undefined) return { retention: undefined, unknown: {} };
  try {
    return blobConfigFromBytes(await unseal(blob, key, native));
  } catch (cause) {
    if (isCairnError(cause, 'corrupt')) throw cause;
    throw new CairnError('corrupt', `${BLOBCFG} cannot be decrypted although the password is right`, {
      cause,
      hint: `it is damaged, or a password change was interrupted; when no object locking is in use, ${BLOBCFG} may be deleted`,
    });
  }
}

/** Both blobs sealed anew for the format as it is now. */
export async function sealFormat(
  format: RepositoryFormat,
  ports: CryptoPorts,
): Promise<Required<FormatBlobs> & { blobcfg: Uint8Array }> {
  const key = formatSealKey(format.formatKey, format.uniqueId);
  const config = utf8(encodeJson({ format: parametersToJson(format.parameters) }));
  return {
    repository: encodeRepositoryBlob({ ...format.outer, sealed: await seal(config, key, ports.native, ports.random) }),
    blobcfg: await seal(blobConfigToBytes(format.blobConfig), key, ports.native, ports.random),
  };
}

/** DeriveKey of spec section 3: from the master key, or from the format key in repositories without password change. */
export function derivedKey(format: RepositoryFormat, purpose: string, length: number): Uint8Array {
  const source = format.parameters.enablePasswordChange ? format.parameters.masterKey : format.formatKey;
  return hkdfSha256(source, format.uniqueId, utf8(purpose), length);
}

/** Options of a put of this blob under the repository's object lock (spec sections 1 and 2.4). */
export function retentionFor(
  id: string,
  config: BlobConfig,
): { retention: NonNullable<BlobConfig['retention']> } | undefined {
  if (config.retention === undefined || !/^(?:[nxpq]|kopia\.repository|kopia\.blobcfg)/.test(id)) return undefined;
  return { retention: config.retention };
}
