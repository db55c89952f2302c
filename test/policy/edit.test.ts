import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../src/bytes/duration.ts';
import { encodeJson, type Json } from '../../src/bytes/json.ts';
import { isCairnError } from '../../src/errors.ts';
import { policyFromJson, policyToJson } from '../../src/policy/document.ts';
import { scriptPaths } from '../../src/policy/edit-actions.ts';
import { editPolicy } from '../../src/policy/edit.ts';
import type { PolicyFlags } from '../../src/policy/flags.ts';
import { emptyPolicy, type Policy } from '../../src/policy/policy.ts';
import { quoteText } from '../../src/policy/quote.ts';
import { showPolicy } from '../../src/policy/show.ts';
import { formatSource, type SourceInfo } from '../../src/policy/source.ts';
import { effectivePolicy, setPolicy } from '../../src/policy/store.ts';
import { MemoryManifests } from './memory-manifests.ts';
import { readTable } from './tables.ts';

const table = readTable<{
  script: string;
  edits: { target: SourceInfo; flags: string[]; before: Json; after: Json; lines: string[] }[];
  shows: { target: SourceInfo; text: string; policies: { target: SourceInfo; policy: Json }[] }[];
}>('edits');
const recorded = readTable<{ commands: { argv: string[]; stderr: string }[]; manifests: { data: Json }[] }>('policies');

/** What the command line would make of `--name=value` texts. */
function parseFlags(texts: string[]): PolicyFlags {
  const flags: Record<string, unknown> = {};
  for (const text of texts) {
    const [, name, value] = /^--([\w-]+)(?:=([\s\S]*))?$/.exec(text)!;
    if (value === undefined) flags[name] = true;
    else if (name === 'inherit') flags[name] = value === 'true';
    else if (name === 'snapshot-interval' || name === 'action-command-timeout') {
      flags[name] = parseDuration(value, { extended: true });
    } else if (/^(add|remove)-/.test(name) || name === 'snapshot-time') {
      flags[name] = [...((flags[name] as string[]) ?? []), value];
    } else flags[name] = value;
  }
  return flags;
}

const scripts = new Map([['/s.sh', new TextEncoder().encode(table.script)]]);
const sorted = (json: Json) => {
  const policy = policyFromJson(json);
  policy.files.ignore?.sort();
  return encodeJson(policyToJson(policy));
};

describe('policy set', () => {
  it('changes policies as Kopia does and says the same', () => {
    expect(table.edits.length).toBeGreaterThan(90);
    for (const { target, flags, before, after, lines } of table.edits) {
      const edit = editPolicy(policyFromJson(before), parseFlags(flags), { target, scripts });
      // Kopia prints a stray 0:00 for each time that was given twice.
      const wanted = lines.map((line) => line.replace(/( 0:00)+\]$/, ']'));
      expect(edit.lines, flags.join(' ')).toEqual(wanted);
      expect(encodeJson(policyToJson(edit.policy)), flags.join(' ')).toBe(encodeJson(after));
    }
  });

  it('gives the policies of the recorded repository, but for the order of rules with a `!`', () => {
    let same = 0;
    for (const { argv, stderr } of recorded.commands) {
      const flags = argv.filter((arg) => arg.startsWith('--') && arg !== '--global' && arg !== '--add-ignore=');
      if (argv.includes('--global') || flags.length < argv.length - 1) continue;
      const parsed = parseFlags(flags);
      const { policy, lines } = editPolicy(emptyPolicy(), parsed);
      expect(lines.join('\n')).toBe(stderr.trim().split('\n').slice(1).join('\n'));
      const json = sorted(policyToJson(policy));
      if (recorded.manifests.some(({ data }) => sorted(data) === json)) same++;
      else expect.fail(`no such policy was stored: ${json}`);
    }
    expect(same).toBeGreaterThan(10);
  });

  it('leaves the given policy alone', () => {
    const policy = policyFromJson({ files: { ignore: ['a'] }, new: { key: 1 } });
    const before = encodeJson(policyToJson(policy));
    const { policy: edited } = editPolicy(policy, { 'add-ignore': ['b'], 'keep-latest': '3' });
    expect(encodeJson(policyToJson(policy))).toBe(before);
    expect(policyToJson(edited)).toMatchObject({ files: { ignore: ['a', 'b'] }, new: { key: 1 } });
  });
});

describe('where policy set does better than Kopia', () => {
  const set = (flags: PolicyFlags, policy: Policy = emptyPolicy()) => editPolicy(policy, flags).policy;

  it('clears, then adds', () => {
    const policy = policyFromJson({ files: { ignore: ['old'] } });
    const edit = editPolicy(policy, { 'clear-ignore': true, 'add-ignore': ['x'] });
    expect(edit.policy.files.ignore).toEqual(['x']);
    expect(edit.lines).toEqual([' - removing all from "ignore rules"', ' - adding "x" to "ignore rules"']);
  });

  it('keeps the order of rules where it carries meaning', () => {
    expect(set({ 'add-ignore': ['*', '!keep', 'b'] }).files.ignore).toEqual(['*', '!keep', 'b']);
    expect(set({ 'add-ignore': ['c', 'b', 'a', 'b'] }).files.ignore).toEqual(['a', 'b', 'c']);
    expect(set({ 'add-never-compress': ['.z', '.B', '.é', '.a'] }).compression.neverCompress).toEqual([
      '.B',
      '.a',
      '.z',
      '.é',
    ]);
  });

  it('takes the hours 08 and 09', () => {
    expect(set({ 'snapshot-time': ['08:00,09:30'] }).scheduling.timeOfDay).toEqual([
      { hour: 8, min: 0 },
      { hour: 9, min: 30 },
    ]);
  });

  it('makes a policy manual whatever it said before, and back', () => {
    const scheduled = policyFromJson({ scheduling: { intervalSeconds: 60, runMissed: false, cron: ['@daily'] } });
    const manual = set({ manual: true }, scheduled);
    expect(manual.scheduling).toEqual({ manual: true });
    expect(set({ 'snapshot-time-crontab': '@daily' }, manual).scheduling).toEqual({ cron: ['@daily'] });
  });

  it('knows the names of other programs, and any letter case', () => {
    expect(set({ compression: 'snappy' }).compression.compressorName).toBe('s2-default');
    expect(set({ compression: 'ZSTD' }).compression.compressorName).toBe('zstd');
    expect(set({ splitter: 'fixed-1m' }).splitter.algorithm).toBe('FIXED-1M');
  });

  it('removes an action by the word that the help names', () => {
    const policy = policyFromJson({ actions: { beforeFolder: { path: '/x' } } });
    expect(set({ 'before-folder-action': 'none' }, policy).actions).toEqual({});
    expect(set({ 'before-folder-action': '-', 'keep-latest': '1' }, policy).actions).toEqual(policy.actions);
  });

  it('refuses what cannot be meant, naming the flag', () => {
    const bad: [PolicyFlags, string][] = [
      [{ 'add-ignore': ['[a'] }, '--add-ignore'],
      [{ 'add-ignore': ['x\\'] }, '--add-ignore'],
      [{ 'add-ignore': [''] }, '--add-ignore'],
      [{ 'add-dot-ignore': [''] }, '--add-dot-ignore'],
      [{ 'keep-latest': '-1' }, '--keep-latest'],
      [{ 'keep-daily': '1.5' }, '--keep-daily'],
      [{ 'keep-daily': 'many' }, '--keep-daily'],
      [{ 'keep-daily': '2147483648' }, '--keep-daily'],
      [{ 'max-file-size': '-1' }, '--max-file-size'],
      [{ 'max-file-size': '9223372036854775808' }, '--max-file-size'],
      [{ 'snapshot-interval': -300_000_000_000n }, '--snapshot-interval'],
      [{ 'snapshot-interval': 1n }, '--snapshot-interval'],
      [{ 'snapshot-time': ['24:00'] }, '--snapshot-time'],
      [{ 'snapshot-time': ['12:345'] }, '--snapshot-time'],
      [{ 'snapshot-time': ['1:00', 'x'] }, '--snapshot-time'],
      [{ 'snapshot-time-crontab': '61 * * * *' }, '--snapshot-time-crontab'],
      [{ 'snapshot-time-crontab': '30-10 * * * *' }, '--snapshot-time-crontab'],
      [{ compression: 'lz4' }, '--compression'],
      [{ compression: 'constructor' }, '--compression'],
      [{ 'metadata-compression': 'best' }, '--metadata-compression'],
      [{ splitter: 'FIXED-3M' }, '--splitter'],
      [{ 'one-file-system': 'maybe' }, '--one-file-system'],
      [{ 'one-file-system': 'constructor' }, '--one-file-system'],
      [{ 'log-dir-ignored': '11' }, '--log-dir-ignored'],
      [{ 'enable-volume-shadow-copy': 'sometimes' }, '--enable-volume-shadow-copy'],
      [{ 'parallel-upload-above-size-mib': '0' }, '--parallel-upload-above-size-mib'],
      [{ 'max-parallel-snapshots': '-3' }, '--max-parallel-snapshots'],
      [{ 'before-folder-action': '/x "open' }, '--before-folder-action'],
      [{ 'before-folder-action': '/x a"b' }, '--before-folder-action'],
      [{ 'before-folder-action': ' /x' }, '--before-folder-action'],
      [{ 'before-folder-action': '/x\n/y' }, '--before-folder-action'],
      [{ 'before-folder-action': '/x', 'action-command-timeout': -1n }, '--action-command-timeout'],
      [{ 'before-folder-action': '/x', 'action-command-mode': 'loud' }, '--action-command-mode'],
      [{ 'before-folder-action': '/x', 'persist-action-script': true }, '--before-folder-action'],
      [{ manual: true, 'snapshot-time': ['1:00'] }, '--snapshot-time'],
      [{ manual: true, 'run-missed': 'true' }, '--run-missed'],
    ];
    for (const [flags, name] of bad) {
      try {
        set(flags);
        expect.fail(
          `accepted ${JSON.stringify(flags, (_, value) => (typeof value === 'bigint' ? `${value}` : value))}`,
        );
      } catch (error) {
        expect(isCairnError(error, 'invalid-argument') && error.data.flag, String(error)).toBe(name);
        expect((error as Error).message).toContain(name);
      }
    }
    const path = { host: 'h', userName: 'u', path: '/p' };
    expect(() => editPolicy(emptyPolicy(), { 'max-parallel-snapshots': '2' }, { target: path })).toThrow(
      'not for paths',
    );
    const long = new Map([['/s', new Uint8Array(32001)]]);
    const persist = { 'before-folder-action': '/s', 'persist-action-script': true };
    expect(() => editPolicy(emptyPolicy(), persist, { scripts: long })).toThrow('too long');
  });

  it('is an error of usage when nothing is to be changed', () => {
    for (const flags of [{}, { 'keep-latest': '' }, { manual: false }, { 'before-folder-action': '-' }]) {
      expect(() => editPolicy(emptyPolicy(), flags)).toThrow('no changes specified');
    }
  });

  it('says which scripts must be read', () => {
    const flags: PolicyFlags = {
      'before-folder-action': '/a',
      'after-folder-action': '',
      'after-snapshot-root-action': '/b',
    };
    expect(scriptPaths(flags)).toEqual([]);
    expect(scriptPaths({ ...flags, 'persist-action-script': true })).toEqual(['/a', '/b']);
  });
});

describe('policy show', () => {
  it('prints what Kopia prints', async () => {
    expect(table.shows.length).toBeGreaterThan(10);
    for (const { target, text, policies } of table.shows) {
      const manifests = new MemoryManifests();
      for (const stored of policies) {
        await setPolicy(manifests, stored.target, policyFromJson(stored.policy), manifests.clock);
      }
      const shown = showPolicy(await effectivePolicy(manifests, target));
      expect(shown.split('\n\nInheritance stops at ')[0].trimEnd(), formatSource(target)).toBe(text.trimEnd());
    }
  });
});

describe('quoting', () => {
  it('is that of %q', () => {
    expect(quoteText('a"b\\c\td\x01é日\u200b\u{1f600}\u{e0001}\udcff')).toBe(
      '"a\\"b\\\\c\\td\\x01é日\\u200b\u{1f600}\\U000e0001\\xff"',
    );
  });
});
