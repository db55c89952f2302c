/** What `create` and `connect` have in common: the connection file, the stored password, messages. */
import type { ConnectionInfo } from '../../../blob/storage.ts';
import type { JsonObject } from '../../../bytes/json.ts';
import { CairnError } from '../../../errors.ts';
import { checkRetention } from '../../../format/blobcfg.ts';
import type { Repository } from '../../../repository/repository.ts';
import { cachingSection } from '../../config/cache.ts';
import { writeConfig, type ClientConfig } from '../../config/file.ts';
import { defaultHostName, defaultUserName } from '../../config/identity.ts';
import { forgetPassword, storePassword } from '../../config/password.ts';
import { configFileOf } from '../../connection.ts';
import type { Context } from '../../context.ts';

const FORMAT_CACHE = 900_000_000_000n;

/** The connect options of the command line, without the caching section, which needs the unique ID. */
export function clientOptions(
  { flags, environment }: Context,
  storage: ConnectionInfo,
  displayName: string,
): ClientConfig {
  return {
    storage,
    hostname: flags.text('override-hostname') || defaultHostName(environment),
    username: flags.text('override-username') || defaultUserName(environment),
    readonly: flags.bool('readonly'),
    permissiveCacheLoading: flags.bool('permissive-cache-loading') && flags.bool('readonly'),
    description: flags.text('description') || `Repository in ${displayName}`,
    enableActions: flags.bool('enable-actions'),
    formatBlobCacheDuration: formatCacheDuration(flags),
    unknown: {},
  };
}

/** Nanoseconds; -1 turns it off. */
export function formatCacheDuration(flags: Context['flags']): bigint {
  if (flags.bool('disable-repository-format-cache')) return -1n;
  return flags.integer('repository-format-cache-duration') || FORMAT_CACHE;
}

/** Makes the opened repository the connected one, with the caching that the flags ask for. */
export async function connectTo(
  context: Context,
  repository: Repository,
  config: ClientConfig,
  password: string,
): Promise<void> {
  const { flags, environment, console } = context;
  const caching = await cachingSection(flags, repository.format.uniqueId, configFileOf(context), environment);
  await saveConnection(context, repository, config, caching, password);
  if (flags.bool('use-keyring'))
    console.warning('The key ring is not used; the password is kept beside the connection file.');
  console.info('Connected to repository.');
}

/** Writes the connection file and what is kept beside it. Nothing is left when that fails. */
export async function saveConnection(
  context: Context,
  repository: Repository,
  config: ClientConfig,
  caching: JsonObject,
  password: string,
): Promise<void> {
  const { files, ports, flags } = context;
  const path = configFileOf(context);
  const { uniqueId, outer, formatKey } = repository.format;
  await forgetPassword(files, path);
  try {
    if (flags.bool('persist-credentials'))
      await storePassword(files, ports.random, path, password, {
        keyDerivation: outer.keyAlgorithm,
        uniqueId,
        key: formatKey,
      });
    await writeConfig(files, ports.random, path, { ...config, caching });
  } catch (error) {
    await forgetPassword(files, path).catch(() => {});
    throw error;
  }
}

/** `--retention-mode` and `--retention-period`, which come together or not at all. */
export function retentionOf({ flags }: Context): { mode: string; period: bigint } | undefined {
  const mode = flags.text('retention-mode');
  const period = flags.integer('retention-period');
  if (!mode && !period) return undefined;
  if (!mode || !period)
    throw new CairnError('usage', 'both --retention-mode and --retention-period must be given to lock blobs');
  const retention = { mode, period };
  checkRetention(retention);
  return retention;
}
