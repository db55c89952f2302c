import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/bytes/gather.ts';
import { activeIndexBlobs, parseCompactionLog, POISON } from '../../src/content/index/legacy.ts';

const blob = (id: string) => ({ id, length: 1, timestamp: 0n });
const active = (ids: string[], ...logs: { inputs: string[]; outputs: string[] }[]) =>
  activeIndexBlobs(ids.map(blob), logs).map(({ id }) => id);

describe('index blobs from before epochs', () => {
  it('reads compaction logs, keys in any case', () => {
    const log =
      '{"inputMetadata":[{"id":"n1","length":5,"timestamp":"2026-01-02T03:04:05Z"},{"id":"n2"}],"OUTPUTMETADATA":[{"id":"n3"}]}';
    expect(parseCompactionLog(utf8(log), 'm1')).toEqual({ inputs: ['n1', 'n2'], outputs: ['n3'] });
    expect(parseCompactionLog(utf8('{}'), 'm1')).toEqual({ inputs: [], outputs: [] });
    for (const bad of ['', 'null', '[]', '{"inputMetadata":3}', '{"inputMetadata":{"id":"n1"}}'])
      expect(() => parseCompactionLog(utf8(bad), 'm1')).toThrow(/compaction log m1 is damaged/);
  });

  it('leaves out inputs of logs whose outputs are all there, and the poison', () => {
    const log = { inputs: ['n1', 'n2'], outputs: ['n3', 'n4'] };
    expect(active(['n1', 'n2', 'n5', POISON], log)).toEqual(['n1', 'n2', 'n5']);
    expect(active(['n1', 'n2', 'n3', 'n5'], log)).toEqual(['n1', 'n2', 'n3', 'n5']);
    expect(active(['n1', 'n2', 'n3', 'n4', 'n5'], log)).toEqual(['n3', 'n4', 'n5']);
    expect(active(['n3', 'n4', 'n6'], log, { inputs: ['n3', 'n4'], outputs: ['n6'] })).toEqual(['n6']);
  });
});
