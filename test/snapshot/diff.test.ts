import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/bytes/gather.ts';
import { encodeJson } from '../../src/bytes/json.ts';
import { diffTrees, type DiffEvent } from '../../src/snapshot/diff.ts';
import type { DirEntry } from '../../src/snapshot/entry.ts';
import { resolveEntryPath } from '../../src/snapshot/resolve.ts';
import { FakeContents, FakeManifests, fakeTree, type FakeTree } from './fakes.ts';
import { kopiaData } from './kopia-data.ts';

async function collect(events: AsyncIterable<DiffEvent>): Promise<DiffEvent[]> {
  const all: DiffEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

const { pair } = kopiaData();

async function kopiaRepository() {
  const contents = new FakeContents();
  const manifests = new FakeManifests();
  for (const [id, text] of Object.entries(pair.streams)) contents.putAs(id, utf8(text));
  for (const json of pair.snapshots) await manifests.put({ type: 'snapshot' }, json, json.id);
  return { contents, manifests };
}

const compare = (before: FakeTree, after: FakeTree, change: Partial<DirEntry> = {}) => {
  const contents = new FakeContents();
  const sides = [fakeTree(contents, before), fakeTree(contents, after, 'root', change)].map((entry) => ({
    entry,
    path: '',
  }));
  return { contents, ...diffTrees(contents, sides[0], sides[1]) };
};

describe('diff', () => {
  it.each(pair.diffs.map((diff, i) => [i, diff] as const))('prints what Kopia prints (%i)', async (_, diff) => {
    const repository = await kopiaRepository();
    const sides = [await resolveEntryPath(repository, diff.before), await resolveEntryPath(repository, diff.after)];
    const { events, stats } = diffTrees(repository.contents, sides[0], sides[1]);
    const lines = (await collect(events)).map(({ text }) => text);
    const recorded = diff.output.split('\n');
    expect(encodeJson(stats as never)).toBe(recorded.pop());
    // Kopia reads folders in parallel, so that its order changes from run to run
    expect(lines.toSorted()).toEqual(recorded.toSorted());
  });

  it('gives entries with the lines, in stored order, what was removed last', async () => {
    const { events } = compare({ d: { x: '1' }, b: '1', gone: '1' }, { d: { x: '22' }, a: '1', b: '1' });
    const all = await collect(events);
    expect(all.map(({ kind, path }) => `${kind} ${path}`)).toEqual([
      'metadata ./d',
      'metadata ./d/x',
      'changed ./d/x',
      'added ./a',
      'removed ./gone',
    ]);
    expect(all[2]).toMatchObject({ before: { size: 1 }, after: { size: 2 } });
    expect(all[4].after).toBeUndefined();
  });

  it('does not look into equal objects', async () => {
    const { contents, events, stats } = compare({ d: { x: '1' } }, { d: { x: '1' } }, { mode: 0o700, gid: 3 });
    expect(await collect(events)).toEqual([]);
    expect(contents.reads).toEqual([]);
    expect(stats.directoryEntries).toMatchObject({
      sameContentButDifferentMetadata: 1,
      sameContentButDifferentMode: 1,
      sameContentButDifferentGroupOwner: 1,
      sameContentButDifferentUserOwner: 0,
    });
  });

  it('compares directories only', () => {
    const contents = new FakeContents();
    const entry = fakeTree(contents, {});
    const file = { entry: { ...entry, type: 'f' }, path: '' };
    expect(() => diffTrees(contents, { entry, path: '' }, file)).toThrowError(
      expect.objectContaining({ code: 'not-a-directory' }),
    );
  });
});
