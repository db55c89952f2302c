import { lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LocalTarget } from '../../src/restore/local.ts';
import { restoreEntry } from '../../src/restore/restore.ts';
import { expandPlaceholder, isPlaceholder, Placeholders, type ShallowOptions } from '../../src/restore/shallow.ts';
import { restoreSummary } from '../../src/restore/stats.ts';
import { encodeEntry } from '../../src/snapshot/entry.ts';
import { openDirectory } from '../../src/snapshot/walk.ts';
import { FakeContents, fakeTree } from '../snapshot/fakes.ts';
import { contentOf, folder, realFiles } from './folder.ts';

const long = 'd'.repeat(250);
const tree = {
  file: { text: 'file', mode: 0o640 },
  big: 'x'.repeat(100),
  link: { link: 'file' },
  dir: { inner: 'inner', deep: { deepest: 'deepest' } },
  [long]: { x: 'x' },
};

async function shallow(path: string, options: ShallowOptions, more = {}) {
  const contents = new FakeContents();
  const root = fakeTree(contents, tree);
  const target = new LocalTarget(realFiles, path, more);
  const placeholders = new Placeholders(realFiles, path, target, options);
  const stats = await restoreEntry(contents, root, target, { placeholders, ...more });
  return { contents, root, stats };
}

describe('shallow restore', () => {
  it('writes placeholders that hold the entries, below the depth', async () => {
    const path = folder();
    const { contents, root, stats } = await shallow(path, { depth: 0 });
    const { entries } = await openDirectory(contents, root.objectId);
    const textOf = (name: string) => encodeEntry(entries.find((entry) => entry.name === name)!) + '\n';
    expect(await contentOf(path)).toEqual({
      'big.kopia-entry': textOf('big'),
      'dir.kopia-entry': '/',
      'dir.kopia-entry/.kopia-entry': textOf('dir'),
      'file.kopia-entry': textOf('file'),
      link: '-> file',
      // the name would be too long
      [long]: '/',
      [`${long}/x.kopia-entry`]: expect.stringContaining('"name":"x"'),
    });
    expect(lstatSync(join(path, 'file.kopia-entry')).mode & 0o777).toBe(0o440);
    expect(stats).toMatchObject({ placeholders: 4, symlinks: 1, files: 0 });
    expect(restoreSummary(stats)).toContain(', 4 placeholders');
  });

  it('goes to the depth, and restores small files really', async () => {
    const path = folder();
    await shallow(path, { depth: 1, minSize: 6 });
    expect(Object.keys(await contentOf(path))).toEqual(
      [
        'big',
        'dir',
        'dir/deep.kopia-entry',
        'dir/deep.kopia-entry/.kopia-entry',
        'dir/inner',
        'file',
        'link',
        long,
        `${long}/x`,
      ].toSorted(),
    );
  });

  it('refuses to put one beside the real thing', async () => {
    const path = folder();
    writeFileSync(join(path, 'file'), 'mine');
    await expect(shallow(path, { depth: 0 })).rejects.toMatchObject({ code: 'file-exists' });
    expect(readFileSync(join(path, 'file'), 'utf8')).toBe('mine');
    const { stats } = await shallow(path, { depth: 0 }, { ignoreErrors: true });
    expect(stats.errors.map(({ path: at }) => at)).toEqual(['file']);
  });

  it('is made whole by a full restore, which takes the placeholders away', async () => {
    const path = folder();
    const { contents, root } = await shallow(path, { depth: 0 });
    await restoreEntry(contents, root, new LocalTarget(realFiles, path));
    const whole = folder();
    await restoreEntry(contents, root, new LocalTarget(realFiles, whole));
    expect(await contentOf(path)).toEqual(await contentOf(whole));
  });
});

describe('expansion', () => {
  it('goes one level at a time, or as deep as wanted', async () => {
    const path = folder();
    const { contents } = await shallow(path, { depth: 0 });
    await expandPlaceholder(contents, realFiles, join(path, 'file.kopia-entry'));
    expect(readFileSync(join(path, 'file'), 'utf8')).toBe('file');
    expect(lstatSync(join(path, 'file')).mode & 0o777).toBe(0o640);
    await expandPlaceholder(contents, realFiles, join(path, 'dir.kopia-entry') + '/');
    const keys = Object.keys(await contentOf(path)).filter((name) => name.startsWith('dir'));
    expect(keys).toEqual(['dir', 'dir/deep.kopia-entry', 'dir/deep.kopia-entry/.kopia-entry', 'dir/inner.kopia-entry']);
    await expandPlaceholder(contents, realFiles, join(path, 'dir/deep.kopia-entry'), { depth: 99 });
    expect(readFileSync(join(path, 'dir/deep/deepest'), 'utf8')).toBe('deepest');
    expect(isPlaceholder('a/b.kopia-entry/')).toBe(true);
    expect(isPlaceholder('a/.kopia-entry')).toBe(false);
  });

  it('leaves the placeholder where something is wrong', async () => {
    const path = folder();
    const { contents } = await shallow(path, { depth: 0 });
    writeFileSync(join(path, 'bad.kopia-entry'), 'garbage');
    mkdirSync(join(path, 'none.kopia-entry'));
    const expand = (name: string) => expandPlaceholder(contents, realFiles, join(path, name));
    await expect(expand('bad.kopia-entry')).rejects.toMatchObject({ code: 'corrupt' });
    await expect(expand('none.kopia-entry')).rejects.toMatchObject({ code: 'file-not-found' });
    await expect(expand('missing.kopia-entry')).rejects.toMatchObject({ code: 'file-not-found' });
    contents.stored.clear();
    await expect(expand('file.kopia-entry')).rejects.toMatchObject({ code: 'content-not-found' });
    expect(Object.keys(await contentOf(path))).toContain('file.kopia-entry');
  });
});
