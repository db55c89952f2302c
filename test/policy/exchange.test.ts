import { describe, expect, it } from 'vitest';
import { encodeJson, type Json } from '../../src/bytes/json.ts';
import { policyFromJson, policyToJson, samePolicy } from '../../src/policy/document.ts';
import { exportPolicies, importPolicies, parseEditedPolicy, policyEditText } from '../../src/policy/exchange.ts';
import { emptyPolicy } from '../../src/policy/policy.ts';
import { GLOBAL, formatSource, sourceFromLabels } from '../../src/policy/source.ts';
import { readTable } from './tables.ts';

const table = readTable<{
  manifests: { labels: Record<string, string>; data: Json }[];
  export: { readonly [target: string]: Json };
}>('policies');
const context = { host: 'alpha', userName: 'ann', currentDirectory: '/' };
const policies = table.manifests.map(({ labels, data }) => ({
  target: sourceFromLabels(labels),
  policy: policyFromJson(data),
}));

describe('policies in files', () => {
  it('are exported as Kopia does', () => {
    expect(encodeJson(exportPolicies(policies))).toBe(encodeJson(table.export));
  });

  it('come back from there', () => {
    const good = policies.filter(({ policy }) => !policy.files.ignore?.includes(''));
    const back = importPolicies(encodeJson(exportPolicies(good)), context);
    expect(back.length).toBe(good.length);
    for (const { target, policy } of back) {
      const text = formatSource(target);
      expect(samePolicy(policy, good.find((item) => formatSource(item.target) === text)!.policy)).toBe(true);
    }
  });

  it('are refused with the target and the field when they make no sense', () => {
    const bad: [string, RegExp][] = [
      ['{', /no valid JSON/],
      ['[]', /object of policies/],
      ['{"not a target":{}}', /"not a target".*no policy target/],
      ['{"@":{}}', /invalid hostname/],
      ['{"@h":{"new":1}}', /"@h".*new: no such field/],
      ['{"@h":{"retention":{"keepLatest":-1}}}', /"@h".*retention\.keepLatest/],
      ['{"@h":{"files":{"ignore":["[a"]}}}', /files\.ignore/],
      ['{"@h":{"files":{"ignore":[" "]}}}', /empty rule/],
      ['{"@h":{"files":{"maxFileSize":-1}}}', /files\.maxFileSize/],
      ['{"@h":{"upload":{"parallelUploadAboveSize":0}}}', /parallelUploadAboveSize/],
      ['{"@h":{"scheduling":{"timeOfDay":[{"hour":24}]}}}', /timeOfDay/],
      ['{"@h":{"scheduling":{"cron":["x"]}}}', /cron/],
      ['{"@h":{"logging":{"entries":{"ignored":11}}}}', /logging\.entries\.ignored/],
      ['{"u@h:/p/":{}}', /slash/],
      ['{"/a":{},"ann@alpha:/a":{}}', /two policies/],
    ];
    for (const [text, message] of bad) expect(() => importPolicies(text, context), text).toThrow(message);
    expect(importPolicies('{"@h":{"new":1}}', context, true).length).toBe(1);
    expect(importPolicies('{"/a/b":null}', context).map(({ target }) => formatSource(target))).toEqual([
      'ann@alpha:/a/b',
    ]);
  });
});

describe('policies in an editor', () => {
  it('survive unchanged', () => {
    const policy = policyFromJson({ retention: { keepLatest: 3 }, files: { own: 1, ignore: ['#x'] }, extra: true });
    const text = policyEditText(GLOBAL, policy);
    expect(text).toContain('# Policy of (global)');
    expect(samePolicy(parseEditedPolicy(text, GLOBAL, policy), policy)).toBe(true);
    expect(
      samePolicy(parseEditedPolicy(policyEditText(GLOBAL, emptyPolicy()), GLOBAL, emptyPolicy()), emptyPolicy()),
    ).toBe(true);
  });

  it('are refused when unknown fields or nonsense came in', () => {
    const edit = (json: string) => () => parseEditedPolicy(json, GLOBAL, policyFromJson({ extra: 1 }));
    expect(edit('{"extra":2}')().noParent).toBeUndefined();
    expect(policyToJson(edit('{"extra":2}')()).extra).toBe(2);
    expect(edit('{"other":2}')).toThrow('other: no such field');
    expect(edit('# only a comment')).toThrow('no valid JSON');
    expect(edit('{"scheduling":{"manual":true,"cron":["@daily"]}}')).toThrow('scheduling.manual');
  });
});
