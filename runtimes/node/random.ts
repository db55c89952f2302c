import type { Random } from '../../src/ports.ts';

const CALL_MAXIMUM = 65536;
const pool = new Uint8Array(16384);
let used = pool.length;

/** Small requests are cut from a pool: a call to the system for each 12-byte nonce would cost more than sealing. */
export const random: Random = (into) => {
  if (into.length <= 64) {
    if (used + into.length > pool.length) {
      crypto.getRandomValues(pool);
      used = 0;
    }
    into.set(pool.subarray(used, used + into.length));
    pool.fill(0, used, used + into.length); // nothing stays behind of what may become a key
    used += into.length;
  } else
    for (let at = 0; at < into.length; at += CALL_MAXIMUM) {
      crypto.getRandomValues(into.subarray(at, at + CALL_MAXIMUM) as Uint8Array<ArrayBuffer>);
    }
};
