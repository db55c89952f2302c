import { formatDuration } from '../../../bytes/duration.ts';
import { toHex } from '../../../bytes/hex.ts';
import { indentJson, type Json, type JsonObject } from '../../../bytes/json.ts';
import type { ConnectionInfo } from '../../../blob/storage.ts';
import { epochParametersToJson } from '../../../format/epoch-parameters.ts';
import { encodeToken } from '../../config/token.ts';
import { withRepository, type Connection } from '../../connection.ts';
import type { Context } from '../../context.ts';

type Capacity = { capacity: bigint; available: bigint } | undefined;

export async function run(context: Context): Promise<void> {
  const { console } = context;
  await withRepository(context, async (connection) => {
    const capacity = await connection.repository.storage.capacity();
    if (context.json) return console.json(statusJson(connection, capacity), context.jsonIndent);
    for (const line of statusLines(context, connection, capacity)) await console.line(line);
    await printToken(context, connection);
  });
}

const secrets =
  /^(secretAccessKey|sessionToken|webIdentityToken|storageKey|sasToken|clientSecret|clientCertificate|credentials|key|password|keyData|embeddedConfig)$/i;

/** The storage's configuration with secret texts as asterisks; other secrets are left out. */
export function withoutSecrets({ type, config }: ConnectionInfo): ConnectionInfo {
  const clean: JsonObject = {};
  for (const [name, value] of Object.entries(config))
    if (!secrets.test(name)) clean[name] = value;
    else if (typeof value === 'string') clean[name] = '*'.repeat(value.length);
  return { type, config: clean };
}

function statusJson({ repository, config, configFile }: Connection, volume: Capacity): Json {
  const { format } = repository;
  const p = format.parameters;
  return {
    configFile,
    uniqueIDHex: toHex(format.uniqueId),
    clientOptions: {
      hostname: repository.identity.host,
      username: repository.identity.user,
      readonly: config.readonly || undefined,
      permissiveCacheLoading: config.permissiveCacheLoading || undefined,
      description: config.description || undefined,
      enableActions: config.enableActions,
      formatBlobCacheDuration: config.formatBlobCacheDuration || undefined,
      throttlingLimits: config.throttlingLimits,
    },
    storage: withoutSecrets(repository.storage.connectionInfo()) as unknown as JsonObject,
    volume: volume && { capacity: volume.capacity || undefined, available: volume.available },
    contentFormat: {
      hash: p.hash || undefined,
      encryption: p.encryption || undefined,
      ecc: p.ecc || undefined,
      eccOverheadPercent: p.eccOverheadPercent || undefined,
      version: p.version || undefined,
      maxPackSize: p.maxPackSize || undefined,
      indexVersion: p.indexVersion || undefined,
      epochParameters: epochParametersToJson(p.epochParameters),
      enablePasswordChange: p.enablePasswordChange,
    },
    objectFormat: { splitter: p.splitter || undefined },
    blobRetention: {
      retentionMode: format.blobConfig.retention?.mode,
      retentionPeriod: format.blobConfig.retention?.period,
    },
  };
}

/** `Label:` and its value at column 22. */
const row = (label: string, value: string): string => `${(label + ':').padEnd(21)}${value}`;

function statusLines(context: Context, connection: Connection, capacity: Capacity): string[] {
  const { repository, config, configFile } = connection;
  const p = repository.format.parameters;
  const cache = config.formatBlobCacheDuration;
  const { type, config: storage } = withoutSecrets(repository.storage.connectionInfo());
  const problems = repository.problems.length;
  return [
    row('Config file', configFile),
    '',
    row('Description', config.description),
    row('Hostname', repository.identity.host),
    row('Username', repository.identity.user),
    row('Read-only', String(config.readonly)),
    row('Format blob cache', cache < 0n ? 'disabled' : formatDuration(cache || 900_000_000_000n)),
    '',
    row('Storage type', type),
    ...(capacity === undefined
      ? [row('Storage capacity', 'unbounded')]
      : [
          row('Storage capacity', context.size(capacity.capacity)),
          row('Storage available', context.size(capacity.available)),
        ]),
    row('Storage config', indentJson(storage, '  ', ' '.repeat(21))),
    '',
    row('Unique ID', toHex(repository.format.uniqueId)),
    row('Hash', p.hash),
    row('Encryption', p.encryption),
    ...(p.ecc === '' ? [] : [row('Error correction', `${p.ecc} with ${p.eccOverheadPercent}% overhead`)]),
    row('Splitter', p.splitter),
    row('Format version', String(p.version)),
    row('Content compression', String(p.indexVersion >= 2)),
    row('Password changes', String(p.enablePasswordChange)),
    ...(p.requiredFeatures.length === 0 ? [] : [row('Required Features', indentJson(p.requiredFeatures))]),
    row('Max pack length', context.size(p.maxPackSize)),
    row('Index Format', `v${p.indexVersion}`),
    ...(problems === 0 ? [] : [row('Damaged indexes', String(problems))]),
    ...epochLines(context, connection),
    ...retentionLines(connection),
  ];
}

function epochLines(context: Context, { repository }: Connection): string[] {
  const p = repository.format.parameters.epochParameters;
  if (!p.enabled) return ['Epoch Manager:       disabled'];
  const size = context.size(p.advanceOnTotalSizeBytesThreshold);
  return [
    '',
    'Epoch Manager:       enabled',
    `Current Epoch: ${repository.contents.epochs?.writeEpoch ?? 0}`,
    '',
    `Epoch refresh frequency: ${formatDuration(p.refreshFrequency)}`,
    `Epoch advance on:        ${p.advanceOnCountThreshold} blobs or ${size}, minimum ${formatDuration(p.minEpochDuration)}`,
    `Epoch cleanup margin:    ${formatDuration(p.cleanupSafetyMargin)}`,
    `Epoch range-compaction every: ${p.fullCheckpointFrequency} epochs`,
  ];
}

function retentionLines({ repository }: Connection): string[] {
  const { retention } = repository.format.blobConfig;
  if (retention === undefined) return [];
  return [
    '',
    row('Blob retention mode', retention.mode),
    row('Blob retention period', formatDuration(retention.period)),
  ];
}

async function printToken({ flags, console }: Context, { repository, password }: Connection): Promise<void> {
  const withPassword = flags.bool('reconnect-token-with-password');
  if (!flags.bool('reconnect-token') && !withPassword) return;
  const token = encodeToken(repository.storage.connectionInfo(), withPassword ? password?.password : undefined);
  await console.line('\nTo reconnect to the repository use:\n');
  await console.line(`$ cairn repository connect from-config --token ${token}\n`);
  if (withPassword)
    await console.line(
      'NOTICE: The token printed above can be trivially decoded to reveal the repository password. Do not store it in an unsecured place.',
    );
}
