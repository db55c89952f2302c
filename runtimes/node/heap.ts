import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Bytes of the young generation from which on it grows no more. Twice as much was no faster, and held 70 MiB longer. */
const YOUNG = 8 << 20;
const LOOK = 20; // milliseconds

/**
 * Keeps the young generation of this process small, for which V8 has no option that works after its start; and has old
 * objects marked only when the heap is full. Newest Node counts the buffers that pass between threads as growth of the
 * heap: it marked all of it for every 15 MB of a large file, a quarter of the processor time of the whole run.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--no-incremental-marking');
  const timer = setInterval(() => {
    const young = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
    if (young !== undefined && young.space_size < YOUNG) return;
    setFlagsFromString('--semi-space-growth-factor=1');
    clearInterval(timer);
  }, LOOK);
  timer.unref();
}
