import { fromBase64, toBase64 } from '../bytes/base64.ts';
import { isObject, member, type Json, type JsonObject } from '../bytes/json.ts';
import { CairnError } from '../errors.ts';
import { epochParametersFromJson, epochParametersToJson, type EpochParameters } from './epoch-parameters.ts';

/** The sealed `format` object of kopia.repository (spec/repository-format.md section 2.3). */
export interface RepositoryParameters {
  hash: string;
  encryption: string;
  ecc: string;
  eccOverheadPercent: number;
  /** Key of the content hash. */
  secret: Uint8Array;
  /** Master key of all encryption. */
  masterKey: Uint8Array;
  version: number;
  maxPackSize: number;
  indexVersion: number;
  epochParameters: EpochParameters;
  enablePasswordChange: boolean;
  splitter: string;
  upgradeLock: JsonObject | undefined;
  requiredFeatures: readonly Json[];
  /** Keys that this version does not know; written back as they were. */
  unknown: JsonObject;
}

export const DEFAULT_MAX_PACK_SIZE = 20 << 20;

const known = [
  'hash',
  'encryption',
  'ecc',
  'eccOverheadPercent',
  'secret',
  'masterKey',
  'version',
  'maxPackSize',
  'indexVersion',
  'epochParameters',
  'enablePasswordChange',
  'splitter',
  'upgradeLock',
  'requiredFeatures',
];

export function parametersFromJson(format: Json | undefined): RepositoryParameters {
  if (!isObject(format)) throw damaged('it holds no format object');
  const text = (key: string) => {
    const value = member(format, key) ?? '';
    if (typeof value !== 'string') throw damaged(`${key} is not a text`);
    return value;
  };
  const number = (key: string) => {
    const value = member(format, key) ?? 0;
    if (typeof value !== 'number' || !Number.isInteger(value)) throw damaged(`${key} is not a whole number`);
    return value;
  };
  const bytes = (key: string) => {
    const value = fromBase64(text(key));
    if (value === undefined) throw damaged(`${key} is not base64`);
    return value;
  };
  const lock = member(format, 'upgradeLock');
  const features = member(format, 'requiredFeatures') ?? [];
  if (!Array.isArray(features)) throw damaged('requiredFeatures is not a list');
  const lower = new Set(known.map((key) => key.toLowerCase()));
  return {
    hash: text('hash'),
    encryption: text('encryption'),
    ecc: text('ecc'),
    eccOverheadPercent: number('eccOverheadPercent'),
    secret: bytes('secret'),
    masterKey: bytes('masterKey'),
    version: number('version'),
    maxPackSize: number('maxPackSize') || DEFAULT_MAX_PACK_SIZE,
    indexVersion: number('indexVersion') || 1,
    epochParameters: epochParametersFromJson(member(format, 'epochParameters')),
    enablePasswordChange: member(format, 'enablePasswordChange') === true,
    splitter: text('splitter') || 'FIXED',
    upgradeLock: isObject(lock) ? lock : undefined,
    requiredFeatures: features,
    unknown: Object.fromEntries(Object.entries(format).filter(([key]) => !lower.has(key.toLowerCase()))),
  };
}

/** Keys in Kopia's order, left out where Kopia leaves them out. */
export function parametersToJson(p: RepositoryParameters): JsonObject {
  return {
    hash: p.hash,
    encryption: p.encryption,
    ecc: p.ecc || undefined,
    eccOverheadPercent: p.eccOverheadPercent || undefined,
    secret: p.secret.length === 0 ? undefined : toBase64(p.secret),
    masterKey: toBase64(p.masterKey),
    version: p.version,
    maxPackSize: p.maxPackSize,
    indexVersion: p.indexVersion,
    epochParameters: epochParametersToJson(p.epochParameters),
    enablePasswordChange: p.enablePasswordChange,
    splitter: p.splitter || undefined,
    upgradeLock: p.upgradeLock,
    requiredFeatures: p.requiredFeatures.length === 0 ? undefined : p.requiredFeatures,
    ...p.unknown,
  };
}

/** Limits that Kopia checks before it uses or stores parameters. */
export function checkParameters(p: RepositoryParameters): void {
  if (p.version < 1 || p.version > 3)
    throw new CairnError(
      'unsupported-version',
      `repository format version ${p.version} is not supported (1 to 3 are)`,
      {
        data: { version: p.version },
        hint: 'a newer program wrote this repository; use a version of Cairn that knows it',
      },
    );
  if (p.indexVersion < 1 || p.indexVersion > 2)
    throw new CairnError('unsupported-version', `index version ${p.indexVersion} is not supported (1 and 2 are)`, {
      data: { indexVersion: p.indexVersion },
    });
  if (p.masterKey.length === 0) throw damaged('the master key is empty');
  if (p.eccOverheadPercent < 0 || p.eccOverheadPercent > 100)
    throw damaged(`eccOverheadPercent ${p.eccOverheadPercent} is out of range`);
  if (p.maxPackSize < 0 || p.maxPackSize >= 2 ** 31) throw damaged(`maxPackSize ${p.maxPackSize} is out of range`);
}

function damaged(why: string): CairnError {
  return new CairnError('corrupt', `the repository's format blob is damaged: ${why}`);
}
