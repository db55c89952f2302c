/** The storage that a provider's flags describe, as the connection file keeps it. */
import type { ConnectionInfo } from '../../../blob/storage.ts';
import type { JsonObject } from '../../../bytes/json.ts';
import { CairnError, fileError } from '../../../errors.ts';
import { configPath, separatorOf } from '../../config/directories.ts';
import { readConfig } from '../../config/file.ts';
import { cleanPath, isAbsolute, joinPath } from '../../config/paths.ts';
import { decodeToken } from '../../config/token.ts';
import type { Context } from '../../context.ts';

export interface Provider {
  storage: ConnectionInfo;
  /** In a token that carries it. */
  password?: string;
}

/** Reads the flags of the command's last word, the provider. `create` excludes what only names existing storage. */
export async function providerOf(context: Context, create: boolean): Promise<Provider> {
  switch (context.path.at(-1)) {
    case 'filesystem':
      return { storage: filesystem(context, create) };
    case 'from-config':
      return fromConfig(context, create);
    default:
      throw new CairnError('unsupported', `storage of type '${context.path.at(-1)}' is not there yet`);
  }
}

function filesystem(context: Context, create: boolean): ConnectionInfo {
  const { flags } = context;
  const oldFormat = create && flags.number('format-version') === 1;
  return {
    type: 'filesystem',
    config: {
      path: folder(context, flags.text('path')!),
      fileMode: octal(context, 'file-mode') ?? 0o600,
      dirMode: octal(context, 'dir-mode') ?? 0o700,
      uid: owner(context, 'owner-uid'),
      gid: owner(context, 'owner-gid'),
      dirShards: flags.bool('flat') ? [] : oldFormat ? [3, 3] : null,
      listParallelism: flags.number('list-parallelism') || undefined,
      ...speedLimits(context),
    },
  };
}

/** `~` is the home directory; anything relative is refused, as the connection must mean the same everywhere. */
function folder({ environment }: Context, path: string): string {
  const separator = separatorOf(environment);
  const expanded = /^~(?=$|[\\/])/.test(path)
    ? joinPath(separator, environment.homeDirectory() ?? '~', path.slice(1))
    : path;
  if (!isAbsolute(expanded, separator))
    throw new CairnError('invalid-argument', 'filesystem repository path must be absolute', {
      data: { path },
      hint: `--path=${joinPath(separator, environment.currentDirectory(), path)} is that folder as seen from here`,
    });
  return cleanPath(expanded, separator);
}

function octal({ flags }: Context, name: string): number | undefined {
  const text = flags.text(name);
  if (!text) return undefined;
  const value = /^[0-7]{1,4}$/.test(text) ? parseInt(text, 8) : 0;
  if (value === 0) throw new CairnError('usage', `flag '--${name}' takes an octal mode such as 0640, got '${text}'`);
  return value;
}

function owner({ flags }: Context, name: string): number | undefined {
  const text = flags.text(name);
  if (!text) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new CairnError('usage', `flag '--${name}' takes a number, got '${text}'`);
  return Number(text);
}

export function speedLimits({ flags }: Context): JsonObject {
  const limit = (name: string) => {
    const value = flags.number(name);
    if (value !== undefined && value < 0) throw new CairnError('usage', `flag '--${name}' takes a number, 0 or more`);
    return value || undefined;
  };
  return {
    maxUploadSpeedBytesPerSecond: limit('max-upload-speed'),
    maxDownloadSpeedBytesPerSecond: limit('max-download-speed'),
  };
}

async function fromConfig(context: Context, create: boolean): Promise<Provider> {
  const { flags, environment, files } = context;
  const file = flags.text('file');
  if (file && !create) {
    const path = configPath(file, environment);
    const config = await readConfig(files, path);
    if (config === undefined) throw new CairnError('file-not-found', `can't connect to storage: no such file: ${path}`);
    if (config.storage === undefined)
      throw new CairnError('invalid-argument', `can't connect to storage: ${path} names a server, not a storage`);
    return { storage: config.storage };
  }
  return decodeToken(await token(context, create));
}

async function token({ flags, files, terminal }: Context, create: boolean): Promise<string> {
  const given = flags.text('token');
  if (given) return given;
  const file = flags.text('token-file');
  if (file)
    try {
      return new TextDecoder().decode(await files.readFile(file));
    } catch (error) {
      throw fileError(error, 'unable to read the token from', file);
    }
  if (!flags.bool('token-stdin'))
    throw new CairnError(
      'usage',
      `one of ${create ? '' : '--file, '}--token-file, --token-stdin or --token must be provided`,
    );
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of terminal.input()) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > 1 << 20) throw new CairnError('invalid-argument', 'standard input is too long for a token');
  }
  return text;
}
