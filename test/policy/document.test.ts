import { describe, expect, it } from 'vitest';
import { encodeJson, parseJson } from '../../src/bytes/json.ts';
import { isCairnError } from '../../src/errors.ts';
import { clonePolicy, policyFromJson, policyToJson, samePolicy, unknownFields } from '../../src/policy/document.ts';
import { emptyPolicy } from '../../src/policy/policy.ts';

const empty =
  '{"retention":{},"files":{},"errorHandling":{},"scheduling":{},"compression":{},"metadataCompression":{},"splitter":{},"actions":{},"osSnapshots":{"volumeShadowCopy":{}},"logging":{"directories":{},"entries":{}},"upload":{}}';
const roundTrip = (text: string) => encodeJson(policyToJson(policyFromJson(parseJson(text))));

describe('policy documents', () => {
  it('store the empty policy as Kopia does', () => {
    expect(encodeJson(policyToJson(emptyPolicy()))).toBe(empty);
    expect(roundTrip('{}')).toBe(empty);
    expect(roundTrip('null')).toBe(empty);
  });

  it('leave out what is zero, but keep what is set to zero', () => {
    const policy = policyFromJson({
      retention: { keepLatest: 0, ignoreIdenticalSnapshots: false },
      files: { ignore: [], maxFileSize: 0, noParentIgnore: false, oneFileSystem: false },
      scheduling: { intervalSeconds: 0, manual: false },
      upload: { parallelUploadAboveSize: 0 },
      noParent: false,
    });
    expect(encodeJson(policyToJson(policy))).toBe(
      empty
        .replace('"retention":{}', '"retention":{"keepLatest":0,"ignoreIdenticalSnapshots":false}')
        .replace('"files":{}', '"files":{"oneFileSystem":false}')
        .replace('"upload":{}', '"upload":{"parallelUploadAboveSize":0}'),
    );
  });

  it('write keys in their order, unknown ones last, and keep those at every level', () => {
    const text =
      '{"zz":[1,{"b":2}],"noParent":true,"files":{"new":{"x":1},"ignore":["b"]},"actions":{"beforeFolder":{"path":"/x","env":["A"]}},"logging":{"more":1},"__proto__":{"polluted":true},"retention":{"keepAnnual":1,"keepLatest":2}}';
    const written = roundTrip(text);
    expect(written).toBe(
      '{"retention":{"keepLatest":2,"keepAnnual":1},"files":{"ignore":["b"],"new":{"x":1}},"errorHandling":{},"scheduling":{},"compression":{},"metadataCompression":{},"splitter":{},"actions":{"beforeFolder":{"path":"/x","env":["A"]}},"osSnapshots":{"volumeShadowCopy":{}},"logging":{"directories":{},"entries":{},"more":1},"upload":{},"noParent":true,"zz":[1,{"b":2}],"__proto__":{"polluted":true}}',
    );
    expect(roundTrip(written)).toBe(written);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    const policy = policyFromJson(parseJson(text));
    expect(unknownFields(policy)).toEqual(['files.new', 'logging.more', 'zz', '__proto__']);
    expect(samePolicy(clonePolicy(policy), policy)).toBe(true);
  });

  it('are read with keys in any letter case and null for absent', () => {
    expect(policyFromJson({ Retention: { KEEPLATEST: 3, keepDaily: null }, files: null })).toEqual({
      ...emptyPolicy(),
      retention: { keepLatest: 3 },
    });
  });

  it('keep numbers beyond 2^53', () => {
    expect(roundTrip('{"files":{"maxFileSize":9223372036854775807}}')).toContain('"maxFileSize":9223372036854775807');
  });

  it('name the field of a wrong type', () => {
    const bad: [unknown, string][] = [
      [{ retention: { keepLatest: '3' } }, 'retention.keepLatest'],
      [{ retention: { keepLatest: 1.5 } }, 'retention.keepLatest'],
      [{ retention: [] }, 'retention'],
      [{ files: { ignore: 'x' } }, 'files.ignore'],
      [{ files: { ignore: [1] } }, 'files.ignore'],
      [{ files: { oneFileSystem: 'yes' } }, 'files.oneFileSystem'],
      [{ scheduling: { timeOfDay: [{ hour: 'x' }] } }, 'scheduling.timeOfDay'],
      [{ actions: { beforeFolder: 'x' } }, 'actions.beforeFolder'],
      [[], ''],
      ['text', ''],
    ];
    for (const [json, field] of bad) {
      try {
        policyFromJson(json as never);
        expect.fail(`accepted ${JSON.stringify(json)}`);
      } catch (error) {
        expect(isCairnError(error, 'corrupt') && String(error.data.field)).toContain(field);
      }
    }
  });
});
