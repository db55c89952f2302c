import process from 'node:process';
import { compileLate } from './compile-late.ts';
import { nodePorts } from './index.ts';
import { fail, start } from './start.ts';
import { keepHeapSmall } from './heap.ts';

/** Milliseconds for what still runs when all is done. */
const GRACE = 500;

/**
 * Lets the process end by itself: newest Node's `process.exit` waits for V8's threads, and may wait forever for one that
 * compiles and needs a collection by this thread (nodejs/node issue 54918).
 */
function end(code: number): void {
  process.exitCode = code;
  setTimeout(() => process.exit(code), GRACE).unref();
}

keepHeapSmall();
compileLate();
await start(nodePorts(), end).catch(fail);
