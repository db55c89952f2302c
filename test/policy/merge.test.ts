import { describe, expect, it } from 'vitest';
import { encodeJson, type Json } from '../../src/bytes/json.ts';
import { parentPath, pathBelow, policyChain } from '../../src/policy/chain.ts';
import { policyFromJson, policyToJson } from '../../src/policy/document.ts';
import { mergePolicies } from '../../src/policy/merge.ts';
import { builtInPolicy, emptyPolicy, type Definition } from '../../src/policy/policy.ts';
import { GLOBAL, formatSource, type SourceInfo } from '../../src/policy/source.ts';
import { readTable } from './tables.ts';

const table = readTable<{
  cases: { levels: { target: SourceInfo; policy: Json }[]; merged: Json; definition: Definition }[];
}>('policy-merge');
const target = { host: 'h', userName: 'u', path: '/a/b' };

describe('merging policies', () => {
  it('gives the effective policy and the origins of every chain of the table', () => {
    expect(table.cases.length).toBe(250);
    for (const { levels, merged, definition } of table.cases) {
      const effective = mergePolicies(
        levels.map((level) => ({ target: level.target, policy: policyFromJson(level.policy) })),
        target,
      );
      expect(encodeJson(policyToJson(effective.policy))).toBe(encodeJson(merged));
      expect(effective.definition).toEqual(definition);
      const stop = levels.find(({ policy }) => (policy as { noParent?: boolean }).noParent);
      expect(effective.stoppedAt).toEqual(stop?.target);
    }
  });

  it('knows the built-in policy', () => {
    const { policy, definition } = mergePolicies([], target);
    expect(policy).toEqual(builtInPolicy());
    expect(definition.retention.keepLatest).toEqual(GLOBAL);
  });

  it('takes folder actions only from the target itself', () => {
    const policy = { ...emptyPolicy(), actions: { beforeFolder: { path: '/bin/a' } } };
    expect(mergePolicies([{ target, policy }], target).policy.actions).toEqual({ beforeFolder: { path: '/bin/a' } });
    const own = { target, policy: emptyPolicy() };
    expect(mergePolicies([own, { target: GLOBAL, policy }], target).policy.actions).toEqual({});
    expect(mergePolicies([{ target, policy: { ...policy, noParent: true } }], target).policy.actions).toEqual({});
  });
});

describe('the chain of targets', () => {
  const texts = (source: SourceInfo) => policyChain(source).map(formatSource);

  it('goes from the path over its parents to the global policy', () => {
    expect(texts(target)).toEqual(['u@h:/a/b', 'u@h:/a', 'u@h:/', 'u@h', '@h', '(global)']);
    expect(texts({ host: 'h', userName: 'u', path: '' })).toEqual(['u@h', '@h', '(global)']);
    expect(texts({ host: 'h', userName: '', path: '' })).toEqual(['@h', '(global)']);
    expect(texts(GLOBAL)).toEqual(['(global)']);
  });

  it('knows both separators and drives', () => {
    expect(texts({ host: 'h', userName: 'u', path: 'C:\\x\\y' })).toEqual([
      'u@h:C:\\x\\y',
      'u@h:C:\\x',
      'u@h:C:\\',
      'u@h',
      '@h',
      '(global)',
    ]);
    expect(parentPath('/a/')).toBe('/');
    expect(parentPath('/a/b/')).toBe('/a');
    expect(parentPath('name')).toBe('name');
    expect(parentPath('C:/')).toBe('C:/');
  });

  it('tells what lies below', () => {
    expect(pathBelow('/a', '/a/b/c')).toBe('b/c');
    expect(pathBelow('/', '/b')).toBe('b');
    expect(pathBelow('/a', '/ab')).toBeUndefined();
    expect(pathBelow('/a', '/a')).toBeUndefined();
    expect(pathBelow('C:\\x', 'C:\\x\\y\\z')).toBe('y/z');
    expect(pathBelow('/a', '/a/b\\c')).toBe('b\\c');
  });
});
