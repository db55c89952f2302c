import { fromUtf8, utf8 } from '../bytes/gather.ts';
import { encodeJson, integer, isObject, member, parseJson, type JsonObject } from '../bytes/json.ts';
import type { BlobRetention } from '../blob/storage.ts';
import { CairnError } from '../errors.ts';

/** Object-lock settings, the sealed content of kopia.blobcfg (spec/repository-format.md section 2.4). */
export interface BlobConfig {
  retention: BlobRetention | undefined;
  unknown: JsonObject;
}

export const BLOBCFG = 'kopia.blobcfg';
const DAY = 86_400_000_000_000n;

export function blobConfigFromBytes(plain: Uint8Array): BlobConfig {
  let json;
  try {
    json = parseJson(fromUtf8(plain));
  } catch (cause) {
    throw new CairnError('corrupt', `${BLOBCFG} does not hold JSON`, { cause });
  }
  if (!isObject(json)) throw new CairnError('corrupt', `${BLOBCFG} does not hold a JSON object`);
  const mode = member(json, 'retentionMode');
  const period = integer(member(json, 'retentionPeriod') ?? 0);
  if (period === undefined) throw new CairnError('corrupt', `${BLOBCFG}: the retention period is not a whole number`);
  const unknown = Object.fromEntries(Object.entries(json).filter(([key]) => !/^retention(mode|period)$/i.test(key)));
  if (typeof mode !== 'string' || mode === '') return { retention: undefined, unknown };
  return { retention: { mode, period }, unknown };
}

export function blobConfigToBytes({ retention, unknown }: BlobConfig): Uint8Array {
  const known: JsonObject =
    retention === undefined ? {} : { retentionMode: retention.mode, retentionPeriod: retention.period };
  return utf8(encodeJson({ ...known, ...unknown }));
}

export function checkRetention(retention: BlobRetention | undefined): void {
  if (retention === undefined) return;
  if (retention.mode !== 'GOVERNANCE' && retention.mode !== 'COMPLIANCE')
    throw new CairnError(
      'invalid-argument',
      `invalid retention mode '${retention.mode}': use GOVERNANCE or COMPLIANCE`,
    );
  if (retention.period < DAY)
    throw new CairnError('invalid-argument', 'invalid retention period: it must be at least 24h');
}
