// Data sets, the same bytes on every machine: a seeded generator stands behind all of them.
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

const MiB = 1 << 20;

/** xorshift128 over 32-bit words: 0.5 GB/s or more, far from any pattern a compressor or splitter would see. */
class Generator {
  #a;
  #b = 362436069;
  #c = 521288629;
  #d = 88675123;

  constructor(seed) {
    this.#a = (123456789 ^ Math.imul(seed, 0x9e3779b1)) | 1;
    for (let i = 0; i < 16; i++) this.word();
  }

  word() {
    const t = this.#a ^ (this.#a << 11);
    this.#a = this.#b;
    this.#b = this.#c;
    this.#c = this.#d;
    this.#d = this.#d ^ (this.#d >>> 19) ^ t ^ (t >>> 8);
    return this.#d >>> 0;
  }

  below(limit) {
    return this.word() % limit;
  }

  bytes(length) {
    const words = new Uint32Array(Math.ceil(length / 4));
    for (let i = 0; i < words.length; i++) words[i] = this.word();
    return new Uint8Array(words.buffer, 0, length);
  }

  /** Heavy-tailed sizes around `mean`, as files have them. */
  size(mean) {
    const u = (this.word() + 1) / 2 ** 32;
    return Math.max(1, Math.min(mean * 60, Math.round(mean * 0.5 * u ** -0.5)));
  }
}

const syllables =
  'con tent pack in dex re store snap shot hash block key buf fer read write open close size time path ' +
  'node list map set get put ver ify de crypt en code name file dir ect ory po li cy';

/** A text of words and punctuation that shrinks about as source code does. */
class Words {
  #words = [];

  constructor(random) {
    const parts = syllables.split(' ');
    for (let i = 0; i < 3000; i++)
      this.#words.push(Array.from({ length: 1 + random.below(3) }, () => parts[random.below(parts.length)]).join(''));
  }

  source(random, length) {
    const lines = [];
    for (let total = 0; total < length;) {
      const count = 2 + random.below(8);
      let line = ' '.repeat(2 * random.below(5));
      for (let i = 0; i < count; i++) {
        // few words often, many rarely
        const rank = Math.floor(this.#words.length * (random.word() / 2 ** 32) ** 3);
        line += this.#words[rank] + [' ', '(', '.', ', ', ' = ', ');', ' { ', '_'][random.below(8)];
      }
      lines.push(line);
      total += line.length + 1;
    }
    return Buffer.from(lines.join('\n')).subarray(0, length);
  }
}

/** Machine-code-like: records of few distinct shapes, one random operand each; shrinks to about 40 %. */
function binary(random, length) {
  const out = new Uint8Array(length + 16);
  const shapes = Array.from({ length: 256 }, () => random.bytes(16));
  for (let at = 0; at < length; at += 16) {
    const word = random.word();
    out.set(shapes[word & 255], at);
    for (let i = 0; i < 3; i++) out[at + 3 + i] = word >>> (8 * (i + 1));
  }
  return out.subarray(0, length);
}

function folders(path, count, perFolder, make) {
  for (let from = 0; from < count; from += perFolder) {
    const number = from / perFolder;
    const folder = join(path, `d${Math.floor(number / 32)}`, `e${number % 32}`);
    mkdirSync(folder, { recursive: true });
    for (let i = from; i < Math.min(count, from + perFolder); i++) make(folder, i);
  }
}

function many(path, count, mean, seed) {
  const random = new Generator(seed);
  folders(path, count, 100, (folder, i) =>
    writeFileSync(join(folder, `file${i}.dat`), random.bytes(random.size(mean))),
  );
}

/** Three quarters of the files are text, a sixth of them twice; the bytes are mostly in binaries and archives. */
function mixed(path, count, seed) {
  const random = new Generator(seed);
  const words = new Words(random);
  let last = Buffer.alloc(0);
  folders(path, count, 60, (folder, i) => {
    const kind = random.below(1000);
    if (kind < 750) {
      if (kind >= 120) last = words.source(random, random.size(9000));
      writeFileSync(join(folder, `module${i}.ts`), last);
    } else if (kind < 985) writeFileSync(join(folder, `lib${i}.so`), binary(random, random.size(220_000)));
    else writeFileSync(join(folder, `archive${i}.gz`), random.bytes(random.size(640_000)));
  });
}

function randomFile(path, size) {
  mkdirSync(path, { recursive: true });
  const random = new Generator(1);
  const file = openSync(join(path, 'random.bin'), 'w');
  for (let at = 0; at < size; at += MiB) writeSync(file, random.bytes(Math.min(MiB, size - at)));
  closeSync(file);
}

export const datasets = {
  random: {
    title: (full) => (full ? '1 GiB random, one file' : '256 MiB random, one file'),
    make: (path, full) => randomFile(path, (full ? 1024 : 256) * MiB),
  },
  small: {
    title: (full) => (full ? '20,000 small files, 150 MB' : '4,000 small files, 30 MB'),
    make: (path, full) => many(path, full ? 20_000 : 4000, 7600, 2),
  },
  tiny: {
    title: (full) => (full ? '100,000 tiny files, 30 MB' : '10,000 tiny files, 3 MB'),
    make: (path, full) => many(path, full ? 100_000 : 10_000, 300, 3),
  },
  mixed: {
    title: (full) => (full ? 'mixed tree, 60,000 files, 4 GB' : 'mixed tree, 3,000 files, 208 MB'),
    make: (path, full) => mixed(path, full ? 60_000 : 3000, 4),
  },
};

/** Makes a data set unless it is there; returns its path. */
export function dataset(name, base, full) {
  const path = join(base, `${name}-${full ? 'full' : 'short'}`);
  const stamp = path + '.made';
  const version = '1';
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === version) return path;
  rmSync(path, { recursive: true, force: true });
  datasets[name].make(path + '.part', full);
  renameSync(path + '.part', path);
  writeFileSync(stamp, version);
  return path;
}
