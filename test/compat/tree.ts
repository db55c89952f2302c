import { chmodSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Bytes of a 32-bit xorshift generator: the same everywhere, incompressible. */
export function noise(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let x = (seed * 0x9e3779b9) >>> 0 || 1;
  for (let i = 0; i < length; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    bytes[i] = x;
  }
  return bytes;
}

/** A small tree with what goes wrong first: odd names, modes, links, empty things, sizes around chunk borders. */
export function makeTree(root: string): void {
  mkdirSync(root, { recursive: true });
  const file = (name: string, data: Uint8Array | string, mode = 0o644) => {
    writeFileSync(join(root, name), data);
    chmodSync(join(root, name), mode);
  };
  for (const directory of ['sub', 'sub/deeper', 'empty', 'ünïcode 日本', 'a&b<c>']) mkdirSync(join(root, directory));
  file('hello.txt', 'hello, world\n');
  file('empty file', '');
  file('sub/script.sh', '#!/bin/sh\necho hi\n', 0o755);
  file('sub/setuid', 'x', 0o4755);
  file('sub/deeper/private', 'secret', 0o600);
  file('ünïcode 日本/\u{1f600} smile', 'smile');
  file('ünïcode 日本/\uffee halfwidth', 'order of names');
  file('a&b<c>/quote"back\\slash', 'json escapes');
  file('zeros', new Uint8Array(3 << 20));
  file('random', noise(9 << 20, 7));
  file('text', 'the quick brown fox jumps over the lazy dog\n'.repeat(40_000));
  for (let i = 0; i < 40; i++) file(`sub/many-${i}`, noise(i * 97, i + 1));
  symlinkSync('hello.txt', join(root, 'link'));
  symlinkSync('/no/such/target', join(root, 'sub/dangling'));
  chmodSync(join(root, 'sub'), 0o750);
  // times of whole milliseconds are what every runtime can read
  const time = new Date('2024-03-05T06:07:08.250Z');
  for (const name of ['hello.txt', 'random', 'text', 'zeros', 'sub/deeper', 'sub', 'empty'])
    utimesSync(join(root, name), time, time);
}
