/** Takes the place of test/runtime.ts inside workerd. */
import codecs from '../../dist/codecs.wasm';
import core from '../../dist/core.wasm';
import zstd from '../../dist/zstd.wasm';
import { edgePorts } from '../../runtimes/workerd/index.ts';

export const runtimeName = 'workerd';
export const projectDirectory = '/bundle/';
export const runtimeCommand = ['workerd'];

/** The clock of workerd stands still while nothing is read or written; tests do both only in memory. */
let time = 0n;
function now(): bigint {
  const told = BigInt(Date.now()) * 1_000_000n;
  time = told > time ? told : time + 1_000_000n;
  return time;
}

export function ports() {
  const own = edgePorts({ core, codecs, zstd });
  return { ...own, clock: { ...own.clock, now } };
}

let made = 0;
export const temporaryDirectory = () => `/tmp/cairn-test-${made++}`;
