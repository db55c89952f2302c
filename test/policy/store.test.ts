import { describe, expect, it } from 'vitest';
import { encodeJson, type Json } from '../../src/bytes/json.ts';
import { parseTime } from '../../src/bytes/time.ts';
import { policyToJson } from '../../src/policy/document.ts';
import { emptyPolicy } from '../../src/policy/policy.ts';
import { showPolicy } from '../../src/policy/show.ts';
import { GLOBAL, formatSource, parseSource } from '../../src/policy/source.ts';
import {
  definedPolicy,
  effectivePolicy,
  listPolicies,
  policyTarget,
  policyTree,
  removePolicy,
  setPolicy,
} from '../../src/policy/store.ts';
import { MemoryManifests } from './memory-manifests.ts';
import { readTable } from './tables.ts';

const table = readTable<{
  manifests: { id: string; labels: Record<string, string>; modified: string; data: Json }[];
  effective: Record<string, Json>;
  listText: string[];
  list: (Json & object)[];
  show: Record<string, string[]>;
}>('policies');
const context = { host: 'alpha', userName: 'ann', currentDirectory: '/' };

function recorded(): MemoryManifests {
  const manifests = new MemoryManifests();
  for (const { id, labels, modified, data } of table.manifests) manifests.add(id, labels, data, parseTime(modified)!);
  return manifests;
}

describe('the policies of a real repository', () => {
  it('have the effective values that Kopia reports', async () => {
    const manifests = recorded();
    for (const [name, wanted] of Object.entries(table.effective)) {
      const target = name === '--global' ? GLOBAL : await policyTarget(manifests, name, context);
      const { policy } = await effectivePolicy(manifests, target);
      expect(encodeJson(policyToJson(policy)), name).toBe(encodeJson(wanted));
    }
  });

  it('list in the same order', async () => {
    const policies = await listPolicies(recorded());
    expect(policies.map(({ id, target }) => `${id} ${formatSource(target)}`)).toEqual(table.listText);
    const json = policies.map(({ id, target, policy }) => ({ id, target: { ...target }, ...policyToJson(policy) }));
    expect(json.map((item) => encodeJson(item))).toEqual(table.list.map((item) => encodeJson(item as Json)));
  });

  it('show the same text, and where inheritance stops', async () => {
    const manifests = recorded();
    expect(Object.keys(table.show).length).toBeGreaterThan(2);
    for (const [name, lines] of Object.entries(table.show)) {
      const effective = await effectivePolicy(manifests, parseSource(name, context));
      const text = showPolicy(effective).trimEnd();
      const [same, extra] = text.split('\n\nInheritance stops at ');
      expect(same.trimEnd()).toBe(lines.join('\n').trimEnd());
      expect(extra !== undefined).toBe(effective.stoppedAt !== undefined);
    }
  });

  it('are found by ID', async () => {
    const manifests = recorded();
    for (const { id, labels } of table.manifests) {
      expect(formatSource(await policyTarget(manifests, id, context)).includes(labels.path ?? '')).toBe(true);
    }
    expect(await policyTarget(manifests, '0'.repeat(32), context)).toEqual({
      ...parseSource('/' + '0'.repeat(32), context),
    });
  });
});

describe('storing policies', () => {
  const target = { host: 'h', userName: 'u', path: '/p' };

  it('replaces what is there, leaving 100 ms between', async () => {
    const manifests = new MemoryManifests();
    await setPolicy(manifests, target, emptyPolicy(), manifests.clock);
    expect(manifests.slept).toEqual([]);
    const policy = { ...emptyPolicy(), noParent: true };
    const id = await setPolicy(manifests, target, policy, manifests.clock);
    expect(manifests.slept).toEqual([100]);
    expect([...manifests.items.keys()]).toEqual([id]);
    expect((await definedPolicy(manifests, target))?.policy).toEqual(policy);
    manifests.now += 200_000_000n;
    await setPolicy(manifests, target, policy, manifests.clock);
    expect(manifests.slept).toEqual([100]);
  });

  it('takes the newest where two writers met, alone and in the chain', async () => {
    const manifests = new MemoryManifests();
    const labels = { type: 'policy', policyType: 'path', username: 'u', hostname: 'h', path: '/p' };
    manifests.add('b', labels, { retention: { keepLatest: 2 } }, 20n);
    manifests.add('a', labels, { retention: { keepLatest: 1 } }, 10n);
    expect((await definedPolicy(manifests, target))?.policy.retention.keepLatest).toBe(2);
    expect((await effectivePolicy(manifests, target)).policy.retention.keepLatest).toBe(2);
    expect((await listPolicies(manifests)).map(({ id }) => id)).toEqual(['b']);
  });

  it('removes all of a target, and says when there is none', async () => {
    const manifests = new MemoryManifests();
    await setPolicy(manifests, target, emptyPolicy(), manifests.clock);
    await setPolicy(manifests, GLOBAL, emptyPolicy(), manifests.clock);
    await removePolicy(manifests, target);
    expect((await listPolicies(manifests)).map((item) => formatSource(item.target))).toEqual(['(global)']);
    await expect(removePolicy(manifests, target)).rejects.toThrow('there is no policy of u@h:/p');
  });

  it('refuses what Kopia refuses', async () => {
    const manifests = new MemoryManifests();
    const store = (path: string, change: object) =>
      setPolicy(manifests, { ...target, path }, { ...emptyPolicy(), ...change }, manifests.clock);
    await expect(store('/p/', {})).rejects.toThrow('cannot end with a slash');
    await expect(store('/p', { scheduling: { manual: true, runMissed: false } })).rejects.toThrow('scheduling.manual');
    await expect(store('/p', { scheduling: { cron: ['61 * * * *'] } })).rejects.toThrow('invalid cron');
    await expect(store('/p', { upload: { maxParallelSnapshots: 2 } })).rejects.toThrow('maxParallelSnapshots');
    await store('/', {});
    await store('C:\\', {});
    expect(manifests.items.size).toBe(2);
  });

  it('names the manifest that cannot be read', async () => {
    const manifests = new MemoryManifests();
    manifests.add('bad', { type: 'policy', policyType: 'global' }, { retention: { keepLatest: 'x' } }, 1n);
    await expect(effectivePolicy(manifests, target)).rejects.toThrow(/policy bad of \(global\).*retention\.keepLatest/);
  });
});

describe('the tree below a source', () => {
  it('has policies exactly as stored, and shares them downwards', async () => {
    const manifests = new MemoryManifests();
    const set = (path: string, keepLatest: number) =>
      setPolicy(
        manifests,
        { host: 'h', userName: 'u', path },
        { ...emptyPolicy(), retention: { keepLatest } },
        manifests.clock,
      );
    await set('/p/a/b', 1);
    await set('/p/a', 2);
    await set('/other/a', 3);
    await set('/p', 4);
    await setPolicy(manifests, { host: 'x', userName: 'u', path: '/p/z' }, emptyPolicy(), manifests.clock);
    const { root, effective } = await policyTree(manifests, { host: 'h', userName: 'u', path: '/p' });
    expect(root.defined).toBe(effective.policy);
    expect(root.policy.retention).toMatchObject({ keepLatest: 4, keepHourly: 48 });
    const a = root.child('a');
    expect(a.defined?.retention).toEqual({ keepLatest: 2 });
    expect(a.policy.files.ignoreDotFiles).toBeUndefined();
    expect(a.child('b').policy.retention).toEqual({ keepLatest: 1 });
    expect(a.child('other').defined).toBeUndefined();
    expect(a.child('other').child('b').policy).toBe(a.policy);
    expect(a.child('one')).toBe(a.child('two'));
    const z = root.child('z');
    expect(z.defined).toBeUndefined();
    expect(z.policy).toBe(root.policy);
    expect(z.child('deeper')).toBe(z);
  });
});
