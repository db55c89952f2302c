import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes of short-lived native buffers between two collections of young objects. */
const BYTES = 6 << 20;
/** So many of them, then one of all objects: handles of node:crypto and node:zlib outlive those of young ones. */
const YOUNG_ONES = 8;

/**
 * V8 collects buffers outside its heap only after some 64 MiB of them, in every thread. Collecting is dear: what can be
 * given back at once (`release`) does not count here. Undefined on other engines.
 */
const collect = ((): ((options: { type: 'minor' | 'major' }) => void) | undefined => {
  try {
    setFlagsFromString('--expose-gc');
    return runInNewContext('gc') as (options: { type: 'minor' | 'major' }) => void;
  } catch {
    return undefined;
  }
})();

let made = 0;
let collections = 0;

/** Told of every short-lived buffer. */
export function madeGarbage(bytes: number): void {
  made += bytes;
  if (made < BYTES) return;
  made = 0;
  collect?.({ type: ++collections % (YOUNG_ONES + 1) === 0 ? 'major' : 'minor' });
}
