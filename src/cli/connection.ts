/** From the connection file to an open repository: the configuration, the password or its kept key, the cache. */
import type { BlobStorage } from '../blob/storage.ts';
import { equalBytes } from '../bytes/gather.ts';
import { CairnError, isCairnError } from '../errors.ts';
import { readFormatBlobs, type FormatBlobs } from '../format/format.ts';
import { parseRepositoryBlob } from '../format/repository-blob.ts';
import { openRepository } from '../repository/open.ts';
import type { Repository } from '../repository/repository.ts';
import { configPath } from './config/directories.ts';
import { readConfig, type ClientConfig } from './config/file.ts';
import { cachedFormat, cacheFormat, formatCacheLife } from './config/format-cache.ts';
import { defaultHostName, defaultUserName } from './config/identity.ts';
import { askPassword, readStoredKey, readStoredPassword, storeKey, type FoundPassword } from './config/password.ts';
import type { Context } from './context.ts';
import { explainPassword, givenPassword } from './credentials.ts';
import { openCache } from './local-cache.ts';
import { openContextStorage, storageOf } from './storage.ts';

export interface Connection {
  repository: Repository;
  config: ClientConfig;
  /** Path of the connection file. */
  configFile: string;
  password: FoundPassword;
}

export function configFileOf({ flags, environment }: Context): string {
  return configPath(flags.text('config-file') ?? 'repository.config', environment);
}

/** The configuration; `no-repository` with what to do next when there is none. */
export async function requireConfig(context: Context, path = configFileOf(context)): Promise<ClientConfig> {
  const config = await readConfig(context.files, path);
  if (config !== undefined) return config;
  throw new CairnError('no-repository', 'open repository: repository is not connected', {
    data: { configFile: path },
    hint: await notConnectedHint(context),
  });
}

async function notConnectedHint({ files, environment, flags }: Context): Promise<string> {
  const byHand =
    "'cairn repository create filesystem --path=/folder' or 'cairn repository connect ...' connects to one";
  if (flags.given('config-file')) return byHand;
  const lines = ["'cairn backup FOLDER' makes a repository and backs up into it", byHand];
  try {
    const ofKopia = configPath('repository.config', environment, 'kopia');
    await files.stat(ofKopia);
    lines.unshift(
      `Kopia is connected to one: 'cairn repository connect from-config --file ${ofKopia}' uses it here too`,
    );
  } catch {
    // no Kopia here, nothing to point to
  }
  return lines.join('\n');
}

/** Opens the connected repository. Damage that was found on the way is reported; the repository works without it. */
export async function openConnected(context: Context, otherFile?: string): Promise<Connection> {
  const configFile = otherFile ?? configFileOf(context);
  const config = await requireConfig(context, configFile);
  const storage = await openContextStorage(context, storageOf(config, configFile), {
    readOnly: config.readonly,
    limits: config.throttlingLimits,
  });
  try {
    const { repository, password } = await new Opening(
      context,
      config,
      configFile,
      storage,
      otherFile !== undefined,
    ).open();
    reportProblems(context, repository);
    return { repository, config, configFile, password };
  } catch (error) {
    await storage.close();
    throw error;
  }
}

export function reportProblems({ console }: Context, repository: Repository): void {
  for (const warning of repository.warnings) console.warning(warning);
  for (const { message, hint } of repository.problems) {
    console.warning(message);
    if (hint !== undefined) console.hint(hint);
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

type Opened = Pick<Connection, 'repository' | 'password'>;

/** The steps from an open storage to an open repository. */
class Opening {
  readonly #context: Context;
  readonly #config: ClientConfig;
  readonly #configFile: string;
  readonly #storage: BlobStorage;
  /** What is stored beside another connection goes before what is given for this one. */
  readonly #isOther: boolean;
  /** Asked for once: a command may want a finger on a key. */
  #given: Promise<FoundPassword | undefined> | undefined;

  constructor(context: Context, config: ClientConfig, configFile: string, storage: BlobStorage, isOther: boolean) {
    this.#context = context;
    this.#config = config;
    this.#configFile = configFile;
    this.#storage = storage;
    this.#isOther = isOther;
  }

  async open(): Promise<Opened> {
    const kept = await readStoredKey(this.#context.files, this.#configFile);
    const blobs = kept && (await this.#cachedBlobs(kept.uniqueId));
    if (blobs !== undefined)
      try {
        return await this.#openWith(blobs);
      } catch (error) {
        // The copy may be from before a change of the password, or damaged.
        if (!isCairnError(error)) throw error;
        this.#context.console.debug(`the cached format is of no use: ${error.message}`);
      }
    const fresh = await readFormatBlobs(this.#storage);
    const opened = await this.#openWith(fresh);
    const cache = await openCache(this.#context, this.#config, this.#configFile, opened.repository.format.uniqueId);
    if (cache !== undefined && this.#cachesFormat) await cacheFormat(cache, this.#context.ports.clock, fresh);
    return opened;
  }

  get #cachesFormat(): boolean {
    return formatCacheLife(this.#config) !== undefined;
  }

  async #cachedBlobs(uniqueId: Uint8Array): Promise<FormatBlobs | undefined> {
    const cache = this.#cachesFormat
      ? await openCache(this.#context, this.#config, this.#configFile, uniqueId)
      : undefined;
    return cache && cachedFormat(cache, this.#context.ports.clock, this.#config.formatBlobCacheDuration);
  }

  async #openWith(formatBlobs: FormatBlobs): Promise<Opened> {
    const { ports, files, console, terminal } = this.#context;
    const { uniqueId, keyAlgorithm } = parseRepositoryBlob(formatBlobs.repository);
    const open = (credentials: { password: string } | { formatKey: Uint8Array }) =>
      this.#repository(credentials, formatBlobs, uniqueId);
    const stored = await readStoredPassword(files, this.#configFile);
    const given =
      this.#isOther && stored !== undefined ? undefined : await (this.#given ??= givenPassword(this.#context));
    const usesStored = stored !== undefined && (given === undefined || given.password === stored);
    const kept = usesStored ? await readStoredKey(files, this.#configFile) : undefined;
    if (kept !== undefined && kept.keyDerivation === keyAlgorithm && equalBytes(kept.uniqueId, uniqueId))
      try {
        return { repository: await open({ formatKey: kept.key }), password: { password: stored!, origin: 'stored' } };
      } catch (error) {
        // The password may have been changed and stored by Kopia, which knows nothing of the kept key.
        if (!isCairnError(error, 'wrong-password')) throw error;
        console.debug('the kept key does not fit any more; deriving it again');
      }
    const password: FoundPassword =
      given ??
      (stored === undefined
        ? { password: await askPassword(terminal, 'Enter password to open repository: '), origin: 'asked' }
        : { password: stored, origin: 'stored' });
    const repository = await open({ password: password.password }).catch((error: unknown) => {
      throw explainPassword(error, password.origin);
    });
    if (usesStored) {
      const derived = { keyDerivation: keyAlgorithm, uniqueId, key: repository.format.formatKey };
      await storeKey(files, ports.random, this.#configFile, derived).catch((error: unknown) =>
        console.debug(`cannot keep the derived key: ${String((error as Error).message)}`),
      );
    }
    return { repository, password };
  }

  async #repository(
    credentials: { password: string } | { formatKey: Uint8Array },
    formatBlobs: FormatBlobs,
    uniqueId: Uint8Array,
  ): Promise<Repository> {
    const cache = await openCache(this.#context, this.#config, this.#configFile, uniqueId);
    return openRepository(this.#storage, credentials, this.#context.ports, {
      identity: identityOf(this.#config, this.#context.environment),
      formatBlobs,
      readOnly: this.#config.readonly,
      upgradeOwnerId: this.#context.flags.text('upgrade-owner-id') || undefined,
      cache: cache && { get: (id) => cache.get('index', id), put: (id, data) => cache.put('index', id, data) },
    });
  }
}

function identityOf(config: ClientConfig, environment: Context['environment']): { user: string; host: string } {
  return {
    user: config.username || defaultUserName(environment),
    host: config.hostname || defaultHostName(environment),
  };
}
