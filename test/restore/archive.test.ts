import { spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Buffer } from 'node:buffer';
import process from 'node:process';
import { gunzipSync, inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { fromUtf8 } from '../../src/bytes/gather.ts';
import { restoreToArchive, type Archive } from '../../src/restore/archive.ts';
import { fileSink, gzipSink, type ByteSink } from '../../src/restore/archive-sink.ts';
import { TarArchive } from '../../src/restore/archive-tar.ts';
import { ZipArchive } from '../../src/restore/archive-zip.ts';
import type { DirEntry } from '../../src/snapshot/entry.ts';
import { noise } from '../compat/tree.ts';
import { ports, temporaryDirectory } from '../runtime.ts';
import { FakeContents, fakeFile, fakeTree, TIME, type FakeTree } from '../snapshot/fakes.ts';

const long = 'long-'.repeat(30) + 'name';
const BIG = noise(3 << 20, 1);
/** Fast, where a comparison by the test runner takes seconds. */
const same = (a: Uint8Array, b: Uint8Array) => expect(Buffer.compare(a, b)).toBe(0);
const tree: FakeTree = {
  'a.txt': { text: 'hello', mode: 0o640, uid: 12, gid: 34, mtime: 1_700_000_000_000_000_000n },
  setuid: { text: 'x', mode: 0o4755 },
  old: { text: 'before 1970', mtime: -1_500_000_000n },
  far: { text: 'beyond 2038', mtime: 7_000_000_000_250_000_000n },
  empty: '',
  'ünïcode 日本': 'name',
  [long]: { text: 'long', uid: 3_000_000_000, gid: 4_000_000_000 },
  link: { link: 'sub/' + long, mode: 0o777 },
  big: { text: BIG, chunk: 1 << 18 },
  sub: { deep: { file: 'deep' }, empty: {} },
};

class Bytes implements ByteSink {
  readonly parts: Uint8Array[] = [];
  state = 'open';
  async write(data: Uint8Array) {
    this.parts.push(data.slice());
  }
  async end() {
    this.state = 'ended';
  }
  async abort() {
    this.state = 'aborted';
  }
  get all(): Uint8Array {
    return Uint8Array.from(Buffer.concat(this.parts));
  }
}

async function archived(
  make: (sink: ByteSink) => Archive,
  options = {},
  change: (contents: FakeContents) => void = () => {},
) {
  const contents = new FakeContents();
  const root = fakeTree(contents, tree);
  change(contents);
  const sink = new Bytes();
  const stats = await restoreToArchive(contents, root, make(sink), options);
  return { bytes: sink.all, stats, sink };
}

interface Member {
  type: string;
  mode: number;
  uid: number;
  gid: number;
  mtime: string;
  link: string;
  data: Uint8Array;
}

/** A plain reader of ustar with pax headers. */
function readTar(bytes: Uint8Array): Map<string, Member> {
  const members = new Map<string, Member>();
  const text = (at: number, length: number) => fromUtf8(bytes.subarray(at, at + length)).split('\0')[0];
  let pax: Record<string, string> = {};
  for (let at = 0; bytes[at] !== 0;) {
    const header = bytes.slice(at, at + 512);
    const sum = parseInt(text(at + 148, 8), 8);
    header.fill(32, 148, 156);
    expect(header.reduce((total, byte) => total + byte, 0)).toBe(sum);
    const octal = (offset: number, length: number) => parseInt(text(at + offset, length), 8);
    const size = Number(pax.size ?? octal(124, 12));
    const type = text(at + 156, 1);
    const data = bytes.subarray(at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
    if (type === 'x') {
      pax = {};
      for (let from = 0; from < data.length;) {
        const length = parseInt(fromUtf8(data.subarray(from, from + 12)), 10);
        const [, key, value] = /^\d+ ([^=]+)=([^]*)\n$/.exec(fromUtf8(data.subarray(from, from + length)))!;
        pax[key] = value;
        from += length;
      }
      continue;
    }
    const head = (offset: number, length: number) => fromUtf8(header.subarray(offset, offset + length)).split('\0')[0];
    members.set(pax.path ?? head(0, 100), {
      type,
      mode: parseInt(head(100, 8), 8),
      uid: Number(pax.uid ?? parseInt(head(108, 8), 8)),
      gid: Number(pax.gid ?? parseInt(head(116, 8), 8)),
      mtime: pax.mtime ?? String(parseInt(head(136, 12), 8)),
      link: pax.linkpath ?? head(157, 100),
      data,
    });
    pax = {};
  }
  return members;
}

interface ZipMember {
  mode: number;
  method: number;
  data: Uint8Array;
  extra: Map<number, DataView>;
}

function readZip(bytes: Uint8Array): Map<string, ZipMember> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = bytes.length - 22;
  expect(view.getUint32(end, true)).toBe(0x06054b50);
  const members = new Map<string, ZipMember>();
  let at = view.getUint32(end + 16, true);
  for (let i = view.getUint16(end + 10, true); i > 0; i--) {
    expect(view.getUint32(at, true)).toBe(0x02014b50);
    const [nameLength, extraLength] = [view.getUint16(at + 28, true), view.getUint16(at + 30, true)];
    const name = fromUtf8(bytes.subarray(at + 46, at + 46 + nameLength));
    const extra = new Map<number, DataView>();
    for (let from = at + 46 + nameLength; from < at + 46 + nameLength + extraLength;) {
      const length = view.getUint16(from + 2, true);
      extra.set(view.getUint16(from, true), new DataView(bytes.buffer, bytes.byteOffset + from + 4, length));
      from += 4 + length;
    }
    const offset = view.getUint32(at + 42, true);
    const start = offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
    const packed = bytes.subarray(start, start + view.getUint32(at + 20, true));
    const method = view.getUint16(at + 10, true);
    const data = method === 8 ? Uint8Array.from(inflateRawSync(packed)) : packed;
    expect(data.length).toBe(view.getUint32(at + 24, true));
    members.set(name, { mode: view.getUint32(at + 38, true) >>> 16, method, data, extra });
    at += 46 + nameLength + extraLength;
  }
  return members;
}

const names = [
  'a.txt',
  'setuid',
  'old',
  'far',
  'empty',
  'ünïcode 日本',
  long,
  'link',
  'big',
  'sub/',
  'sub/deep/',
  'sub/deep/file',
  'sub/empty/',
];

describe('tar', () => {
  it('holds modes, owners, exact times, long names and links', async () => {
    const { bytes, stats, sink } = await archived((to) => new TarArchive(to));
    expect(bytes.length % 10240).toBe(0);
    const members = readTar(bytes);
    expect([...members.keys()].sort()).toEqual(names.toSorted());
    const get = (name: string) => members.get(name)!;
    expect(get('a.txt')).toMatchObject({ type: '0', mode: 0o640, uid: 12, gid: 34, mtime: '1700000000' });
    expect(fromUtf8(get('a.txt').data)).toBe('hello');
    expect(get('setuid')).toMatchObject({ mode: 0o4755, mtime: '1700000000.123456789' });
    expect(get('old').mtime).toBe('-1.5');
    expect(get(long)).toMatchObject({ uid: 3_000_000_000, gid: 4_000_000_000 });
    expect(get('link')).toMatchObject({ type: '2', link: 'sub/' + long });
    expect(get('sub/deep/')).toMatchObject({ type: '5', mode: 0o755 });
    same(get('big').data, BIG);
    expect(stats).toMatchObject({ files: 9, symlinks: 1, directories: 4 });
    expect(sink.state).toBe('ended');
  });

  it('goes through gzip', async () => {
    const plain = await archived((to) => new TarArchive(to));
    const { bytes } = await archived((to) => new TarArchive(gzipSink(to)));
    same(gunzipSync(bytes), plain.bytes);
  });

  it('keeps the name of a single file', async () => {
    const contents = new FakeContents();
    const sink = new Bytes();
    const { objectId } = fakeFile(contents, 'x', { text: 'one' });
    const root: DirEntry = { name: 'x', type: 'f', mode: 0o600, size: 3, mtime: TIME, uid: 1, gid: 2, objectId };
    await restoreToArchive(contents, root, new TarArchive(sink));
    expect([...readTar(sink.all).keys()]).toEqual(['x']);
  });

  it('says sizes beyond eight gigabytes and much more in the extended header', async () => {
    const sink = new Bytes();
    const entry: DirEntry = { name: 'x', type: 'f', mode: 0o600, size: 0, mtime: 0n, uid: 0, gid: 0, objectId: '' };
    const nothing = (async function* (): AsyncGenerator<Uint8Array> {})();
    await new TarArchive(sink).file('huge', entry, 2 ** 40, nothing);
    expect(fromUtf8(sink.all.subarray(512, 540)).startsWith('22 size=1099511627776\n')).toBe(true);
  });
});

describe('zip', () => {
  for (const compress of [true, false])
    it(`holds folders, links, modes, owners and times (${compress ? 'compressed' : 'stored'})`, async () => {
      const { bytes } = await archived((to) => new ZipArchive(to, { compress }));
      const members = readZip(bytes);
      expect([...members.keys()].sort()).toEqual(names.toSorted());
      const get = (name: string) => members.get(name)!;
      expect(get('a.txt').mode).toBe(0o100640);
      expect(get('setuid').mode).toBe(0o104755);
      expect(get('sub/deep/').mode).toBe(0o040755);
      expect([get('link').mode, fromUtf8(get('link').data)]).toEqual([0o120777, 'sub/' + long]);
      same(get('big').data, BIG);
      expect(get('big').method).toBe(compress ? 8 : 0);
      expect(get('empty').data.length).toBe(0);
      const owner = get(long).extra.get(0x7875)!;
      expect([owner.getUint32(2, true), owner.getUint32(7, true)]).toEqual([3_000_000_000, 4_000_000_000]);
      expect(get('a.txt').extra.get(0x5455)!.getInt32(1, true)).toBe(1_700_000_000);
      expect(get('old').extra.get(0x5455)!.getInt32(1, true)).toBe(-2);
      expect(get('far').extra.has(0x5455)).toBe(false);
      const ticks = get('far').extra.get(0x000a)!.getBigUint64(8, true);
      expect((ticks - 116_444_736_000_000_000n) * 100n).toBe(7_000_000_000_250_000_000n);
    });

  it('counts beyond 65535 entries', async () => {
    const sink = new Bytes();
    const zip = new ZipArchive(sink, { compress: false });
    const entry: DirEntry = { name: 'd', type: 'd', mode: 0o755, size: 0, mtime: 0n, uid: 0, gid: 0, objectId: '' };
    for (let i = 0; i < 65_536; i++) await zip.directory(String(i), entry);
    await zip.end();
    const tail = sink.parts.at(-1)!;
    const view = new DataView(tail.buffer, tail.byteOffset, tail.length);
    expect([view.getUint32(0, true), view.getBigUint64(24, true)]).toEqual([0x06064b50, 65_536n]);
    expect(view.getUint32(56, true)).toBe(0x07064b50);
  });
});

describe('what goes wrong', () => {
  const lose = (name: 'small' | 'big') => (contents: FakeContents) => {
    for (const [id, { data }] of contents.stored)
      if (name === 'small' ? fromUtf8(data) === 'hello' : data.length === 1 << 18) contents.damage(id);
  };

  it('leaves nothing of the archive, or leaves out the file and says so', async () => {
    for (const what of ['small', 'big'] as const) {
      const sink = new Bytes();
      const make = (to: ByteSink) =>
        new TarArchive({ write: (data) => to.write(data), end: () => to.end(), abort: () => sink.abort() });
      await expect(archived(make, {}, lose(what))).rejects.toMatchObject({ code: 'corrupt' });
      expect(sink.state).toBe('aborted');
      const { bytes, stats } = await archived((to) => new TarArchive(to), { ignoreErrors: true }, lose(what));
      const lost = what === 'small' ? 'a.txt' : 'big';
      expect([...readTar(bytes).keys()].sort()).toEqual(names.filter((name) => name !== lost).sort());
      expect(stats.errors.map(({ path }) => path)).toEqual([lost]);
    }
  });

  it('stops when canceled', async () => {
    const options = { signal: AbortSignal.abort() };
    await expect(archived((to) => new TarArchive(to), options)).rejects.toMatchObject({ code: 'canceled' });
  });

  it('meets a sink that fails, through gzip as well', async () => {
    const full = (): ByteSink => ({
      write: () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' })),
      end: async () => {},
      abort: async () => {},
    });
    await expect(archived(() => new TarArchive(full()))).rejects.toThrow('full');
    await expect(archived(() => new TarArchive(gzipSink(full())))).rejects.toThrow('full');
    await expect(archived(() => new ZipArchive(full(), { compress: true }))).rejects.toThrow('full');
  });

  it('writes a file that has its name only when it is whole', async () => {
    const { files } = ports();
    const path = join(temporaryDirectory(), 'out.tar');
    const sink = await fileSink(files, path, true);
    await sink.write(new Uint8Array(10));
    await sink.write(new Uint8Array(1 << 20));
    expect(readdirSync(join(path, '..'))).toEqual(['out.tar.part']);
    await sink.end();
    expect([readdirSync(join(path, '..')), lstatSync(path).size]).toEqual([['out.tar'], (1 << 20) + 10]);
    await expect(fileSink(files, path, false)).rejects.toMatchObject({ code: 'file-exists' });
    const second = await fileSink(files, path, true);
    await second.abort();
    expect(readdirSync(join(path, '..'))).toEqual(['out.tar']);
  });
});

const has = (program: string, ...args: string[]) => spawnSync(program, args).status === 0;

describe('other programs', () => {
  const check = (to: string) => {
    same(readFileSync(join(to, 'big')), BIG);
    expect(readlinkSync(join(to, 'link'))).toBe('sub/' + long);
    expect(readFileSync(join(to, 'ünïcode 日本'), 'utf8')).toBe('name');
    expect(lstatSync(join(to, 'a.txt')).mode & 0o777).toBe(0o640);
    expect(lstatSync(join(to, 'sub/empty')).isDirectory()).toBe(true);
  };

  it.skipIf(!has('tar', '--version'))('tar extracts it (skipped where there is none)', async () => {
    const folder = temporaryDirectory();
    writeFileSync(join(folder, 'x.tgz'), (await archived((to) => new TarArchive(gzipSink(to)))).bytes);
    mkdirSync(join(folder, 'to'));
    const result = spawnSync('tar', ['--no-same-owner', '-xzf', join(folder, 'x.tgz'), '-C', join(folder, 'to')], {
      encoding: 'utf8',
    });
    expect([result.status, result.stderr.replace(/.*(implausibly old|in the future).*\n/g, '')]).toEqual([0, '']);
    check(join(folder, 'to'));
    // Deno's own reading of times is not exact, its adapter's is
    expect((await ports().files.lstat(join(folder, 'to/setuid'))).mtime).toBe(TIME);
  });

  it.skipIf(!has('unzip', '-v'))('unzip extracts it (skipped where there is none)', async () => {
    const folder = temporaryDirectory();
    writeFileSync(join(folder, 'x.zip'), (await archived((to) => new ZipArchive(to, { compress: true }))).bytes);
    const result = spawnSync('unzip', ['-q', join(folder, 'x.zip'), '-d', join(folder, 'to')], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    });
    expect([result.status, result.stderr]).toEqual([0, '']);
    check(join(folder, 'to'));
  });

  it.skipIf(!has('python3', '--version'))('Python reads the zip (skipped where there is none)', async () => {
    const path = join(temporaryDirectory(), 'x.zip');
    for (const compress of [true, false]) {
      writeFileSync(path, (await archived((to) => new ZipArchive(to, { compress }))).bytes);
      const script = 'import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); print(z.testzip(), len(z.namelist()))';
      expect(spawnSync('python3', ['-c', script, path], { encoding: 'utf8' }).stdout).toBe(`None ${names.length}\n`);
    }
  });
});
