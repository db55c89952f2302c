/** `--json` on verbs of snapshots, policies and files whose result Kopia prints as text only. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { beforeAll, describe, expect, it } from 'vitest';
import { utf8 } from '../../src/bytes/gather.ts';
import { Cli } from './harness.ts';
import { CapturedTerminal } from './terminal.ts';

const cli = new Cli();
const json = async (...argv: string[]) => JSON.parse(await cli.ok(...argv, '--json'));
const source = () => ({ userName: 'ann', host: 'alpha', path: cli.path('src') });
let roots: string[];

beforeAll(async () => {
  cli.variables.KOPIA_PASSWORD = 'pw';
  mkdirSync(cli.path('src', 'sub'), { recursive: true });
  writeFileSync(cli.path('src', 'a.txt'), 'hello\n');
  writeFileSync(cli.path('src', 'sub', 'b.txt'), 'b');
  await cli.ok('repository', 'create', 'filesystem', `--path=${cli.path('repo')}`);
  const root = async () => (await json('snapshot', 'create', cli.path('src'))).rootEntry.obj as string;
  roots = [await root()];
  writeFileSync(cli.path('src', 'a.txt'), 'hello again\n');
  writeFileSync(cli.path('src', 'new.txt'), 'n');
  roots.push(await root());
});

describe('files', () => {
  it('list, with folders below and without', async () => {
    const paths = async (...more: string[]) =>
      ((await json('list', roots[0], ...more)) as { path: string }[]).map(({ path }) => path);
    expect(await paths()).toEqual(['a.txt', 'sub']);
    expect(await paths('--recursive')).toEqual(['a.txt', 'sub', 'sub/b.txt']);
    const [first] = await json('list', roots[0]);
    expect(first).toMatchObject({ schema: 1, entry: { name: 'a.txt', type: 'f', size: 6 } });
  });

  it('diff: one object with the changes and the counts that its text ends with', async () => {
    const text = await cli.ok('diff', ...roots);
    const { schema, changes, ...counts } = await json('diff', ...roots);
    expect(schema).toBe(1);
    expect(counts).toEqual(JSON.parse(text.slice(text.indexOf('{'))));
    expect((changes as { text: string }[]).map((change) => change.text)).toEqual(
      text.trimEnd().split('\n').slice(0, -1),
    );
    expect(changes).toContainEqual(
      expect.objectContaining({ kind: 'added', path: './new.txt', after: expect.objectContaining({ size: 1 }) }),
    );
    expect(await json('diff', ...roots, '--stats-only')).toMatchObject({ changes: [], fileEntries: { added: 1 } });
    expect((await json('diff', roots[0], roots[0], '--json-indent')).changes).toEqual([]);
  });

  it.skipIf(process.platform === 'win32')('diff --files runs a program on what changed', async () => {
    mkdirSync(cli.path('tmp'));
    const environment = { ...cli.ports().environment!, temporaryDirectory: () => cli.path('tmp') };
    cli.override = { environment };
    const text = await cli.ok('diff', ...roots, '--files', '--diff-command=diff');
    expect(text).toContain('changed ./a.txt');
    expect(text).toContain('\n1c1\n< hello\n---\n> hello again\n');
    expect(text).toMatch(/added file \.\/new\.txt \(1 bytes\)\n0a1\n> n\n/);
    const named = await cli.ok('diff', ...roots, '--files', '--diff-command=printf %s|%s\\n');
    expect(named).toContain('old/a.txt|new/a.txt\n');
    expect(named).toContain('/dev/null|new/new.txt\n');
    expect(await cli.ok('diff', roots[1], roots[0], '--files', '--diff-command=printf %s|%s\\n')).toContain(
      'old/new.txt|/dev/null\n',
    );
    const failed = await cli.run('diff', ...roots, '--files', '--diff-command=/no/such/program');
    expect(failed).toMatchObject({ code: 1, err: expect.stringContaining('KOPIA_DIFF') });
    expect(await cli.run('diff', ...roots, '--files', '--json')).toMatchObject({ code: 1, out: '' });
    expect(readdirSync(cli.path('tmp'))).toEqual([]);
    cli.override = {};
  });

  it('restore, to a folder, to an archive, and not beside an archive', async () => {
    const target = cli.path('restored');
    expect(await json('restore', roots[0], target)).toMatchObject({
      schema: 1,
      target,
      files: 2,
      bytes: 7,
      directories: 2,
      errorCount: 0,
      errors: [],
      partialFiles: [],
    });
    expect(await json('snapshot', 'restore', roots[1], target)).toMatchObject({ files: 3 });
    expect(await json('restore', roots[0], cli.path('all.zip'))).toMatchObject({
      target: cli.path('all.zip'),
      files: 2,
    });
    expect(await cli.run('restore', roots[0], '-', '--mode=tar', '--json')).toMatchObject({ code: 1, out: '' });
  });
});

describe('policies', () => {
  it('set tells target, changes and the whole policy; --dry-run stores nothing', async () => {
    const [tried] = await json('policy', 'set', cli.path('src'), '--keep-latest=3', '--dry-run');
    expect(tried).toMatchObject({ schema: 1, target: source(), policy: { retention: { keepLatest: 3 } } });
    expect(await json('policy', 'list')).toHaveLength(1);
    const [done] = await json('policy', 'set', cli.path('src'), '--keep-latest=3');
    expect(done).toEqual(tried);
    expect(done.changes).toEqual([expect.stringContaining('3')]);
    expect((await json('policy', 'show', cli.path('src'))).retention.keepLatest).toBe(3);
    expect(await cli.run('policy', 'set', cli.path('src'), '--json')).toMatchObject({ code: 1, out: '' });
  });

  it('export is JSON anyway, import and delete tell the targets', async () => {
    const text = await cli.ok('policy', 'export', cli.path('src'), '--json');
    expect(await json('policy', 'delete', cli.path('src'), '--dry-run')).toEqual([
      { schema: 1, target: source(), deleted: false },
    ]);
    expect(await json('policy', 'delete', cli.path('src'))).toEqual([{ schema: 1, target: source(), deleted: true }]);
    const terminal = new CapturedTerminal();
    terminal.stdin = utf8(text);
    const { out } = await cli.on(terminal, 'policy', 'import', '--json');
    expect(JSON.parse(out)).toEqual([{ schema: 1, target: source(), set: true }]);
  });
});

describe('snapshots', () => {
  it('pin gives the changed snapshot and its old ID', async () => {
    const [{ id }] = await json('snapshot', 'list');
    const [pinned] = await json('snapshot', 'pin', id, '--add=keep');
    expect(pinned).toMatchObject({ schema: 1, previousId: id, pins: ['keep'], source: source() });
    expect(pinned.id).not.toBe(id);
    const [same] = await json('snapshot', 'pin', pinned.id, '--add=keep');
    expect(same).toMatchObject({ id: pinned.id });
    expect(same).not.toHaveProperty('previousId');
    await cli.ok('snapshot', 'pin', pinned.id, '--remove=keep');
  });

  it('delete tells what it would do, then what it did', async () => {
    const [{ id, startTime }] = await json('snapshot', 'list');
    expect(await json('snapshot', 'delete', id)).toEqual([
      { schema: 1, id, source: source(), startTime, deleted: false },
    ]);
    expect(await json('snapshot', 'delete', id, '--delete')).toMatchObject([{ id, deleted: true }]);
    expect(await json('snapshot', 'list')).toHaveLength(1);
  });
});
