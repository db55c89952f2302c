/** From the connection file to an open repository: the configuration, the password or its kept key, the cache. */
import { DiskCache } from '../blob/cache.ts';
import type { BlobStorage } from '../blob/storage.ts';
import { equalBytes } from '../bytes/gather.ts';
import type { JsonObject } from '../bytes/json.ts';
import { CairnError, fileError, isCairnError } from '../errors.ts';
import { readFormatBlobs, type Credentials, type FormatBlobs } from '../format/format.ts';
import { parseRepositoryBlob } from '../format/repository-blob.ts';
import { openRepository, type OpenOptions } from '../repository/open.ts';
import type { Repository } from '../repository/repository.ts';
import { cacheRoot } from './config/cache.ts';
import { configPath } from './config/directories.ts';
import { readConfig, type ClientConfig } from './config/file.ts';
import { defaultHostName, defaultUserName } from './config/identity.ts';
import { askPassword, readStoredKey, readStoredPassword, storeKey, type FoundPassword } from './config/password.ts';
import type { Context } from './context.ts';
import { openContextStorage } from './storage.ts';

export interface Connection {
  repository: Repository;
  config: ClientConfig;
  /** Path of the connection file. */
  configFile: string;
  password: FoundPassword | undefined;
}

export function configFileOf({ flags, environment }: Context): string {
  return configPath(flags.text('config-file') ?? 'repository.config', environment);
}

/** The configuration; `no-repository` with what to do next when there is none. */
export async function requireConfig(context: Context): Promise<ClientConfig> {
  const path = configFileOf(context);
  const config = await readConfig(context.files, path);
  if (config !== undefined) return config;
  throw new CairnError('no-repository', 'open repository: repository is not connected', {
    data: { configFile: path },
    hint: await notConnectedHint(context),
  });
}

async function notConnectedHint({ files, environment, flags }: Context): Promise<string> {
  const lines = [
    "'cairn backup FOLDER' makes a repository and backs up into it",
    "'cairn repository create filesystem --path=/folder' or 'cairn repository connect ...' does it step by step",
  ];
  if (flags.given('config-file')) return lines[1];
  try {
    const ofKopia = configPath('repository.config', environment, 'kopia');
    await files.stat(ofKopia);
    lines.unshift(`Kopia is connected to one: 'cairn repository connect from-config --file ${ofKopia}' uses it here too`);
  } catch {
    // no Kopia here, nothing to point to
  }
  return lines.join('\n');
}

/** The password of flags, variables or --password-file; undefined when none is given. */
export async function givenPassword({ flags, files }: Context): Promise<FoundPassword | undefined> {
  const text = flags.text('password')?.trim();
  if (text) return { password: text, origin: 'flag' };
  const file = flags.text('password-file');
  if (!file) return undefined;
  let bytes;
  try {
    bytes = await files.readFile(file);
  } catch (error) {
    throw fileError(error, 'unable to read the password from', file);
  }
  const password = new TextDecoder().decode(bytes).trim();
  if (password === '') throw new CairnError('invalid-argument', `the password file ${file} is empty`);
  return { password, origin: 'file' };
}

const origins: Record<FoundPassword['origin'], string> = {
  flag: 'it came from --password or its variable (CAIRN_PASSWORD, KOPIA_PASSWORD)',
  file: 'it came from --password-file',
  token: 'it came from the token',
  stored: 'it is the one kept from the last connect; if it was changed since, connect again',
  asked: 'type it again; it is the one given when the repository was made',
};

/** The same failure, with where the password came from. */
export function explainPassword(error: unknown, origin: FoundPassword['origin']): unknown {
  if (!isCairnError(error, 'wrong-password')) return error;
  return new CairnError(error.code, error.message, { data: error.data, cause: error.cause, hint: origins[origin] });
}

/** Opens the connected repository. Damage that was found on the way is reported; the repository works without it. */
export async function openConnected(context: Context): Promise<Connection> {
  const configFile = configFileOf(context);
  const config = await requireConfig(context);
  if (config.storage === undefined) throw noStorage(config, configFile);
  const storage = await openContextStorage(context, config.storage, { readOnly: config.readonly, limits: config.throttlingLimits });
  try {
    const { repository, password } = await open(context, config, configFile, storage);
    for (const warning of repository.warnings) context.console.warning(warning);
    for (const { message, hint } of repository.problems) {
      context.console.warning(message);
      if (hint !== undefined) context.console.hint(hint);
    }
    return { repository, config, configFile, password };
  } catch (error) {
    await storage.close();
    throw error;
  }
}

/** Opens, works and closes, whatever happens. */
export async function withRepository<T>(context: Context, work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await openConnected(context);
  try {
    return await work(connection);
  } finally {
    await connection.repository.close();
  }
}

function noStorage({ apiServer }: ClientConfig, configFile: string): CairnError {
  return apiServer === undefined
    ? new CairnError('corrupt', `${configFile} names no storage`, { hint: 'connect again' })
    : new CairnError('unsupported', 'connections through a repository server are not there yet', {
        data: { configFile },
        hint: 'connect to the storage itself',
      });
}

async function open(context: Context, config: ClientConfig, configFile: string, storage: BlobStorage) {
  const { ports, files, console } = context;
  const formatBlobs = await readFormatBlobs(storage);
  const { uniqueId, keyAlgorithm } = parseRepositoryBlob(formatBlobs.repository);
  const options = await openOptions(context, config, configFile, uniqueId, formatBlobs);
  const stored = await readStoredPassword(files, configFile);
  const given = await givenPassword(context);
  const usesStored = stored !== undefined && (given === undefined || given.password === stored);
  const kept = usesStored ? await readStoredKey(files, configFile) : undefined;
  if (kept !== undefined && kept.keyDerivation === keyAlgorithm && equalBytes(kept.uniqueId, uniqueId))
    try {
      const repository = await openRepository(storage, { formatKey: kept.key }, ports, options);
      return { repository, password: { password: stored!, origin: 'stored' as const } };
    } catch (error) {
      // The password may have been changed and stored by Kopia, which knows nothing of the kept key.
      if (!isCairnError(error, 'wrong-password')) throw error;
      console.debug('the kept key does not fit any more; deriving it again');
    }
  const password: FoundPassword =
    given ??
    (stored === undefined
      ? { password: await askPassword(context.terminal, 'Enter password to open repository: '), origin: 'asked' }
      : { password: stored, origin: 'stored' });
  const credentials: Credentials = { password: password.password };
  let repository;
  try {
    repository = await openRepository(storage, credentials, ports, options);
  } catch (error) {
    throw explainPassword(error, password.origin);
  }
  if (usesStored) {
    const derived = { keyDerivation: keyAlgorithm, uniqueId, key: repository.format.formatKey };
    await storeKey(files, ports.random, configFile, derived).catch((error: unknown) =>
      console.debug(`cannot keep the derived key: ${String((error as Error).message)}`),
    );
  }
  return { repository, password };
}

const DEFAULT_CACHE = 5000 * 2 ** 20;

export async function openOptions(
  { flags, environment, files, ports }: Context,
  config: ClientConfig,
  configFile: string,
  uniqueId: Uint8Array,
  formatBlobs: FormatBlobs,
): Promise<OpenOptions> {
  const directory = await cacheRoot(config.caching, uniqueId, configFile, environment);
  const cache = directory === undefined ? undefined : new DiskCache(files, directory, { limit: cacheLimit(config.caching), clock: ports.clock });
  return {
    identity: identityOf(config, environment),
    formatBlobs,
    readOnly: config.readonly,
    upgradeOwnerId: flags.text('upgrade-owner-id') || undefined,
    cache: cache && { get: (id) => cache.get('index', id), put: (id, data) => cache.put('index', id, data) },
  };
}

function cacheLimit(caching: JsonObject | undefined): number {
  const size = caching?.maxMetadataCacheSize ?? caching?.maxCacheSize;
  return typeof size === 'number' && size > 0 ? size : DEFAULT_CACHE;
}

export function identityOf(config: ClientConfig, environment: Context['environment']): { user: string; host: string } {
  return {
    user: config.username || defaultUserName(environment),
    host: config.hostname || defaultHostName(environment),
  };
}
