import { fromSeconds, toSeconds } from '../../src/bytes/time.ts';

/**
 * A time for `utimes`, which takes seconds as a double: the nearest one that is not earlier, so that runtimes that cut
 * it to microseconds (Node 20) or milliseconds do not fall below a whole one. As text, because Node and Bun take a
 * negative number for "now". Exact for whole seconds, within 240 ns around today.
 */
export function floatSeconds(time: bigint): string {
  const whole = toSeconds(time);
  const rest = Number(time - fromSeconds(whole));
  let seconds = whole + rest / 1e9;
  if ((seconds - whole) * 1e9 < rest) seconds += 2 ** (Math.floor(Math.log2(Math.abs(seconds))) - 52);
  return String(seconds);
}
