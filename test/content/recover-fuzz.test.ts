import fc from 'fast-check';
import { describe, it } from 'vitest';
import { MemoryStorage } from '../../src/blob/memory.ts';
import { parseCompactionLog } from '../../src/content/index/legacy.ts';
import { readLog } from '../../src/content/logs.ts';
import { readSession } from '../../src/content/pack-gc.ts';
import { readLocalIndex } from '../../src/content/recover-pack.ts';
import { sealNamedBlob } from '../../src/content/named-blob.ts';
import { isCairnError } from '../../src/errors.ts';
import { decodeEscrow, encodeEscrow } from '../../src/format/escrow.ts';
import { readFormatBlobs } from '../../src/format/format.ts';
import { upgradeLockOf, upgradeTimes } from '../../src/format/upgrade-lock.ts';
import { findFormatCopy } from '../../src/format/repair.ts';
import { syncStorage } from '../../src/blob/sync.ts';
import { fixtureStorage } from '../fixtures/load.ts';
import { blobIds, openFixture } from '../fixtures/reopen.ts';
import { runs } from '../fuzz/mutate.ts';

/** Real bytes with some of them changed, cut off or put in. */
const damaged = (seed: Uint8Array) =>
  fc
    .record({
      cut: fc.nat(seed.length),
      flips: fc.array(fc.tuple(fc.nat(Math.max(0, seed.length - 1)), fc.integer({ min: 1, max: 255 })), {
        maxLength: 6,
      }),
      tail: fc.uint8Array({ maxLength: 12 }),
      whole: fc.boolean(),
    })
    .map(({ cut, flips, tail, whole }) => {
      const bytes = new Uint8Array([...(whole ? seed : seed.subarray(0, cut)), ...(whole ? [] : tail)]);
      for (const [at, bits] of flips) if (at < bytes.length) bytes[at] ^= bits;
      return bytes;
    });

async function onlyCairnErrors(work: () => unknown): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isCairnError(error) || error.code === 'internal') throw error;
  }
}

const check = (seed: Uint8Array, work: (bytes: Uint8Array) => unknown) =>
  fc.assert(
    fc.asyncProperty(damaged(seed), (bytes) => onlyCairnErrors(() => work(bytes))),
    { numRuns: Math.max(150, runs / 10) },
  );

const storage = await fixtureStorage('legacy-index');
const { contents } = await openFixture(storage, 'legacy-index');
const [pack] = await blobIds(storage, /^q/);
const tail = (await storage.get(pack)).slice(-4096);

/** Storage with one blob of these bytes under a name that fits the repository's keys. */
async function plainBlob(prefix: string, plain: Uint8Array) {
  const memory = new MemoryStorage();
  const { id, data } = await sealNamedBlob(contents.crypto, prefix, '', plain);
  await memory.put(id, data);
  return { id, store: Object.assign(Object.create(contents), { storage: memory }) };
}

const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

describe('damaged bytes end in a result or a CairnError', () => {
  it('local index of a pack', () =>
    check(tail, async (bytes) => {
      const memory = new MemoryStorage();
      const meta = await memory.put(pack, bytes);
      await readLocalIndex(memory, contents.crypto, meta);
    }));

  it('session marker', () =>
    check(
      text({
        id: 's1',
        startTime: '2026-01-01T00:00:00Z',
        checkpointTime: '2026-01-01T00:00:00.5Z',
        username: 'u',
        hostname: 'h',
      }),
      async (bytes) => {
        const { id, store } = await plainBlob('s', bytes);
        await readSession(store, id);
      },
    ));

  it('log', async () => {
    const gzip = (await contents.crypto.compressors.byId(0x1000)).compress(text({ t: 'x'.repeat(300) }));
    await check(gzip, async (bytes) => {
      const { id, store } = await plainBlob('_log_20260101000000_abcd_1_2_3_', bytes);
      await readLog(store, id);
    });
  });

  it('compaction log', () =>
    check(
      text({
        inputMetadata: [{ id: 'n1', length: 1, timestamp: '2026-01-01T00:00:00Z' }],
        outputMetadata: [{ id: 'n2' }],
      }),
      (bytes) => parseCompactionLog(bytes, 'm'),
    ));

  it('saved keys', async () => {
    const file = encodeEscrow(await readFormatBlobs(storage), 0n);
    await check(file, decodeEscrow);
  });

  it('copy of the format in a pack', async () => check((await storage.get(pack)).slice(0, 2000), findFormatCopy));

  it('format blob of a copy', async () => {
    const format = await storage.get('kopia.repository');
    await check(format, async (bytes) => {
      const copy = new MemoryStorage();
      await copy.put('kopia.repository', bytes);
      await syncStorage(storage, copy, { dryRun: true });
    });
  });

  it('upgrade lock of any shape', () =>
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom('ownerID', 'creationTime', 'advanceNoticeDuration', 'ioDrainTimeout', 'message'),
          fc.jsonValue(),
        ),
        (lock) => {
          upgradeTimes(upgradeLockOf({ upgradeLock: lock } as never)!);
        },
      ),
      { numRuns: runs },
    ));
});
