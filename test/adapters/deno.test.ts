import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gcm } from '@noble/ciphers/aes.js';
import { Deno as shim } from '@deno/shim-deno';
import { expect, it } from 'vitest';
import { equalBytes } from '../../src/bytes/gather.ts';
import { runtimeName, temporaryDirectory } from '../runtime.ts';

// Elsewhere the shim stands for Deno, as if FFI were not allowed: the paths that Deno itself takes only then.
if (runtimeName !== 'deno') Object.assign(globalThis, { Deno: shim });
const { denoFidelity, denoFiles, denoNative, denoPorts, denoSyncFiles } = await import('../../runtimes/deno/index.ts');

it('tells what it keeps', () => {
  const lost = { readTimeResolution: 1_000_000, writeTimeResolution: 1_000_000, rawNames: false };
  expect(denoFidelity).toMatchObject(runtimeName === 'deno' ? { readTimeResolution: 1, rawNames: true } : lost);
  expect(denoPorts().environment).toMatchObject({ runtime: 'deno', runtimeVersion: Deno.version.deno });
});

it("lists, stats and reads by Deno's own calls", async () => {
  const root = temporaryDirectory();
  writeFileSync(join(root, 'plain'), 'hello');
  utimesSync(join(root, 'plain'), 1_700_000_000.25, 1_700_000_000.25);
  mkdirSync(join(root, 'folder'), 0o750);
  symlinkSync('plain', join(root, 'link'));
  const expected = { plain: 'file', folder: 'directory', link: 'symlink' };
  const items = await denoFiles.list(root);
  expect(Object.fromEntries(items.map(({ name, kind }) => [name, kind]))).toEqual(expected);
  expect(denoSyncFiles.names(root).sort()).toEqual(Object.keys(expected).sort());

  const stat = denoSyncFiles.lstat(join(root, 'plain'));
  expect(stat).toMatchObject({ kind: 'file', size: 5, mtime: 1_700_000_000_250_000_000n, mode: 0o644 });
  expect(stat).toEqual(await denoFiles.lstat(join(root, 'plain')));
  expect(denoSyncFiles.lstat(join(root, 'folder'))).toMatchObject({ kind: 'directory', mode: 0o750 });
  expect(denoSyncFiles.lstat(join(root, 'link')).kind).toBe('symlink');
  expect(denoSyncFiles.readLink(join(root, 'link'))).toBe('plain');

  const handle = denoSyncFiles.openRead(join(root, 'link'));
  const into = new Uint8Array(9);
  expect(denoSyncFiles.read(handle, into, 1)).toBe(4);
  denoSyncFiles.close(handle);
  expect(new TextDecoder().decode(into.subarray(0, 4))).toBe('ello');
  expect(() => denoSyncFiles.lstat(join(root, 'nowhere'))).toThrow(expect.objectContaining({ code: 'ENOENT' }));
});

it.each([65_535, 65_536, 1_000_000])('seals and opens %d bytes, large ones by WebCrypto', async (length) => {
  const [key, nonce, aad] = [32, 12, 9].map((size) => crypto.getRandomValues(new Uint8Array(size)));
  const plain = new Uint8Array(length).fill(3);
  const sealed = new Uint8Array(length + 16);
  const { aesGcm } = denoNative;
  const sealing = aesGcm!.seal(key, nonce, aad, plain, sealed);
  expect(sealing instanceof Promise).toBe(length >= 65_536);
  await sealing;
  expect(equalBytes(sealed, gcm(key, nonce, aad).encrypt(plain))).toBe(true);
  expect(await aesGcm!.open(key, nonce, aad, sealed, plain.fill(0))).toBe(true);
  expect(plain.every((byte) => byte === 3)).toBe(true);
  sealed[5] ^= 1;
  expect(await aesGcm!.open(key, nonce, aad, sealed, new Uint8Array(length))).toBe(false);
});
