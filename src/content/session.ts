import { toHex } from '../bytes/hex.ts';
import { utf8 } from '../bytes/gather.ts';
import { encodeJson } from '../bytes/json.ts';
import { formatTime } from '../bytes/time.ts';
import type { Random } from '../ports.ts';

/** Write sessions (spec/repository-format.md section 15.1). */

const PERIOD = 30n * 86_400n * 1_000_000_000n;
const YEAR_2000 = 946_684_800n * 1_000_000_000n;

/** `s`, 8 random bytes, and the number of 30-day periods since 2000. */
export function newSessionId(now: bigint, random: Random): string {
  const bytes = new Uint8Array(8);
  random(bytes);
  const period = now < YEAR_2000 ? 0n : (now - YEAR_2000) / PERIOD;
  return 's' + toHex(bytes) + period.toString(16);
}

/** Session that a blob's name mentions: the first `-` part after the stem that starts with `s`; else empty. */
export function sessionOf(blobId: string): string {
  return (
    blobId
      .split('-')
      .slice(1)
      .find((part) => part.startsWith('s')) ?? ''
  );
}

/** Plaintext of a session marker. */
export function sessionMarker(id: string, now: bigint, user: string, host: string): Uint8Array {
  const time = formatTime(now);
  return utf8(encodeJson({ id, startTime: time, checkpointTime: time, username: user, hostname: host }));
}
