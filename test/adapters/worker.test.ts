import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { startWorker } from '../../runtimes/node/channel.ts';
import type { WorkerChannel } from '../../src/ports.ts';
import { projectDirectory, temporaryDirectory } from '../runtime.ts';

let entry: URL;
let channel: WorkerChannel;

beforeAll(async () => {
  const outfile = join(temporaryDirectory(), 'echo.mjs');
  const source = join(projectDirectory, 'test/adapters/echo-worker.ts');
  await build({ entryPoints: [source], outfile, bundle: true, format: 'esm', external: ['node:*'] });
  entry = pathToFileURL(outfile);
});
afterEach(() => channel?.close());

/** Starts the worker and gives the first `count` messages that it sends, or its failure. */
function answers(count: number, ask: (channel: WorkerChannel) => void): Promise<unknown[]> {
  channel = startWorker(entry, 'upload');
  return new Promise((resolve, reject) => {
    const got: unknown[] = [];
    channel.onError(reject);
    channel.onMessage((message) => {
      got.push(message);
      if (got.length === count) resolve(got);
    });
    ask(channel);
  });
}

it('keeps the order of messages, also of those sent before it runs', async () => {
  const sent = [1, 'two', { three: 3n }, [new Uint8Array([4])]];
  expect(await answers(4, ({ post }) => sent.forEach((message) => post(message)))).toEqual(sent);
});

it('moves buffers and shares shared memory', async () => {
  const buffer = new Uint8Array(4 << 20).fill(7).buffer;
  const [back] = await answers(1, ({ post }) => post(buffer, [buffer]));
  expect(buffer.byteLength).toBe(0);
  expect((back as ArrayBuffer).byteLength).toBe(4 << 20);
  expect(new Uint8Array(back as ArrayBuffer).at(-1)).toBe(7);

  channel.close();
  const shared = new Int32Array(new SharedArrayBuffer(4));
  const [same] = (await answers(1, ({ post }) => post(shared))) as [Int32Array];
  shared[0] = 5;
  expect(Atomics.load(same, 0)).toBe(5);
});

it('hands on a compiled module', async () => {
  const module = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  const [back] = await answers(1, ({ post }) => post(module));
  expect(back).toBeInstanceOf(WebAssembly.Module);
});

it.each([
  ['throws', 'fail', /as asked/],
  ['ends by itself', 'exit', /ended unexpectedly/],
])('tells when it %s', async (_, order, message) => {
  await expect(answers(1, ({ post }) => post(order))).rejects.toThrow(message);
});

it('ends quietly when closed', async () => {
  const failures: Error[] = [];
  await answers(1, ({ post, onError }) => {
    onError((error) => failures.push(error));
    post(1);
  });
  channel.close();
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(failures).toEqual([]);
});
