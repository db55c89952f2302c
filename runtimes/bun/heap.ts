import process from 'node:process';

/** Resident bytes up to which the engine is left alone, and growth between two collections beyond them. */
const QUIET = 240 << 20;
const STEP = 16 << 20;
const LOOK = 50; // milliseconds

/** Collects garbage when the process grows large: the engine by itself waits for some hundred MiB of dead buffers. */
export function keepHeapSmall(): void {
  let left = 0;
  const timer = setInterval(() => {
    if (process.memoryUsage.rss() < Math.max(QUIET, left + Math.max(STEP, left / 8))) return;
    Bun.gc(true);
    left = process.memoryUsage.rss();
  }, LOOK);
  timer.unref();
}
