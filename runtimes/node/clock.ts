import type { Clock } from '../../src/ports.ts';

const LONGEST_TIMER = 2 ** 31 - 1;
/** A step of the system's clock larger than this, in milliseconds, is followed. */
const DRIFT = 20;

/** performance.timeOrigin tells microseconds but misses later changes of the system's clock: Date.now() leads. */
let origin = performance.timeOrigin;

export const clock: Clock = {
  now() {
    const coarse = Date.now();
    const fine = origin + performance.now();
    if (Math.abs(fine - coarse) <= DRIFT) return BigInt(Math.round(fine * 1000)) * 1000n;
    origin = coarse - performance.now();
    return BigInt(coarse) * 1_000_000n;
  },
  monotonic: () => performance.now(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const end = performance.now() + milliseconds;
      let timer: ReturnType<typeof setTimeout>;
      const wait = () => {
        const left = end - performance.now();
        if (left <= 0) {
          signal?.removeEventListener('abort', stop);
          resolve();
        } else timer = setTimeout(wait, Math.min(Math.ceil(left), LONGEST_TIMER));
      };
      const stop = () => {
        clearTimeout(timer);
        reject(signal!.reason);
      };
      signal?.addEventListener('abort', stop, { once: true });
      wait();
    }),
  turn: () => new Promise((resolve) => void setImmediate(resolve)),
};
