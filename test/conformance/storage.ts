import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { joinBytes } from '../../src/bytes/gather.ts';
import type { BlobMetadata, BlobStorage } from '../../src/blob/storage.ts';
import { CairnError } from '../../src/errors.ts';
import { codeOf, listed, pattern } from './helpers.ts';

/** What a provider gives to be tested: an empty store of its own for each test. */
export interface StoreUnderTest {
  store: BlobStorage;
  /** Opens the same data once more, as another process would; absent where the data live in the instance. */
  reopen?: () => Promise<BlobStorage>;
  cleanup?: () => Promise<void>;
}

const MINUTES = 60n * 1_000_000_000n;
const pack = (letter: string) => `p${letter.repeat(32)}-s0123456789abcdef147`;

const same = (a: Uint8Array, b: Uint8Array) => a.length === b.length && a.every((byte, i) => byte === b[i]);

/** Every sentence of the contract in src/blob/storage.ts, for one provider. */
export function storageConformance(name: string, makeStore: () => Promise<StoreUnderTest>): void {
  describe(`storage contract: ${name}`, () => {
    let made: StoreUnderTest;
    let store: BlobStorage;

    beforeEach(async () => {
      made = await makeStore();
      store = made.store;
    });
    afterEach(async () => {
      await store.close();
      await made.cleanup?.();
    });

    describe('put and get', () => {
      it('gives back what was put, also a copy of it', async () => {
        const data = pattern(1000);
        await store.put('p1', data);
        data.fill(0);
        const got = await store.get('p1');
        expect(got).toEqual(pattern(1000));
        got.fill(7);
        expect(await store.get('p1')).toEqual(pattern(1000));
      });

      it('keeps empty blobs', async () => {
        await store.put('empty', new Uint8Array(0));
        expect(await store.get('empty')).toEqual(new Uint8Array(0));
        expect((await store.stat('empty')).length).toBe(0);
        expect(await listed(store)).toEqual(['empty']);
        await store.put(pack('e'), []);
        expect(await store.get(pack('e'))).toEqual(new Uint8Array(0));
      });

      it('keeps blobs of 5 MB', async () => {
        const data = pattern(5_000_000);
        await store.put(pack('a'), data);
        expect(same(await store.get(pack('a')), data)).toBe(true);
        expect((await store.stat(pack('a'))).length).toBe(5_000_000);
      });

      it('joins gathered pieces of any size', async () => {
        const parts = [0, 3, 200_000, 1, 0, 70_000, 70_000, 900_000, 130_000, 5, 2_000_000].map((n, i) =>
          pattern(n, i),
        );
        const small = Array.from({ length: 3000 }, (_, i) => pattern(i % 97, i));
        const middle = Array.from({ length: 30 }, (_, i) => pattern(70_000, i));
        for (const gathered of [parts, small, middle, [...small, ...parts]]) {
          await store.put('gathered', gathered);
          const whole = joinBytes(gathered);
          expect(same(await store.get('gathered'), whole)).toBe(true);
        }
      });

      it('overwrites with longer and with shorter data', async () => {
        for (const length of [10, 5000, 3, 0, 100]) {
          const put = await store.put('kopia.repository', pattern(length, length + 1));
          expect(put.length).toBe(length);
          expect(await store.get('kopia.repository')).toEqual(pattern(length, length + 1));
        }
        expect(await listed(store)).toEqual(['kopia.repository']);
      });

      it('takes names as they are, with every character that Kopia uses', async () => {
        const ids = [
          'kopia.repository',
          'kopia.repository.backup.some.owner@host',
          pack('b'),
          'xn12_0123456789abcdef0123456789abcdef-s0123456789abcdef147-c12',
          'xe1',
          '_log_20260801120000_12ab_1785585600_1785585700_1_0123456789abcdef0123456789abcdef',
          'n00000000000000000000000000000000-repository_unreadable_by_this_kopia_version_upgrade_required',
          'a',
          'ab',
        ];
        for (const [i, id] of ids.entries()) await store.put(id, pattern(i + 1, i));
        for (const [i, id] of ids.entries()) expect(await store.get(id)).toEqual(pattern(i + 1, i));
        expect(await listed(store)).toEqual([...ids].toSorted());
      });
    });

    describe('ranges', () => {
      it('gives exactly the bytes asked for', async () => {
        const data = pattern(5000);
        await store.put(pack('r'), data);
        for (const [offset, length] of [
          [0, 10],
          [1, 10],
          [2, 1],
          [4995, 5],
          [0, 5000],
          [4999, 1],
          [1234, 3000],
        ])
          expect(await store.get(pack('r'), { offset, length })).toEqual(data.slice(offset, offset + length));
      });

      it('length 0 is empty, at any offset', async () => {
        await store.put('z', pattern(10));
        for (const offset of [0, 5, 10, 11])
          expect(await store.get('z', { offset, length: 0 })).toEqual(new Uint8Array(0));
      });

      it('what does not fit is invalid-range', async () => {
        await store.put('z', pattern(10));
        const beyond: [number, number][] = [
          [0, 11],
          [10, 1],
          [11, 1],
          [5, 6],
          [1e12, 1],
          [0, 2 ** 40],
        ];
        const senseless: [number, number][] = [
          [-1, 1],
          [-1, 0],
          [0, -1],
          [0.5, 1],
          [0, Number.NaN],
          [2 ** 60, 1],
        ];
        for (const [offset, length] of [...beyond, ...senseless])
          expect([offset, length, await codeOf(store.get('z', { offset, length }))]).toEqual([
            offset,
            length,
            'invalid-range',
          ]);
        await store.put('none', new Uint8Array(0));
        expect(await codeOf(store.get('none', { offset: 0, length: 1 }))).toBe('invalid-range');
      });
    });

    describe('what is not there', () => {
      it('is blob-not-found, whole, by range, of length 0 and by stat', async () => {
        for (const id of ['kopia.blobcfg', pack('0')]) {
          expect(await codeOf(store.get(id))).toBe('blob-not-found');
          expect(await codeOf(store.get(id, { offset: 0, length: 1 }))).toBe('blob-not-found');
          expect(await codeOf(store.get(id, { offset: 0, length: 0 }))).toBe('blob-not-found');
          expect(await codeOf(store.stat(id))).toBe('blob-not-found');
        }
      });

      it('can be deleted', async () => {
        await store.delete('kopia.blobcfg');
        await store.delete(pack('0'));
        await store.put(pack('0'), pattern(1));
        await store.delete(pack('0'));
        await store.delete(pack('0'));
        expect(await codeOf(store.get(pack('0')))).toBe('blob-not-found');
        expect(await listed(store)).toEqual([]);
      });

      it('comes back when it is put again', async () => {
        await store.put(pack('0'), pattern(5, 1));
        await store.delete(pack('0'));
        await store.put(pack('0'), pattern(6, 2));
        expect(await store.get(pack('0'))).toEqual(pattern(6, 2));
      });
    });

    describe('metadata', () => {
      it('put, stat and list tell the same; the time is about now', async () => {
        const put = await store.put(pack('m'), pattern(321));
        expect(put.id).toBe(pack('m'));
        expect(put.length).toBe(321);
        const away = put.timestamp - BigInt(Date.now()) * 1_000_000n;
        expect(away > -3n * MINUTES && away < 3n * MINUTES).toBe(true);
        expect(await store.stat(pack('m'))).toEqual(put);
        const all: BlobMetadata[] = [];
        for await (const blob of store.list('')) all.push(blob);
        expect(all).toEqual([put]);
      });

      it('keeps a given time, or refuses it', async () => {
        const modifiedTime = 1_600_000_000_000_000_000n;
        const code = await codeOf(store.put('t', pattern(3), { modifiedTime }));
        if (code === 'unsupported') return expect(await codeOf(store.stat('t'))).toBe('blob-not-found');
        expect(code).toBe('no error');
        expect((await store.stat('t')).timestamp).toBe(modifiedTime);
      });

      it('a blob that must not be recreated is refused with blob-exists, or the option is unsupported', async () => {
        await store.put('d', pattern(3, 1));
        const code = await codeOf(store.put('d', pattern(4, 2), { doNotRecreate: true }));
        expect(['blob-exists', 'unsupported']).toContain(code);
        expect(await store.get('d')).toEqual(pattern(3, 1));
        const fresh = await codeOf(store.put('new', pattern(4, 2), { doNotRecreate: true }));
        expect(fresh).toBe(code === 'unsupported' ? 'unsupported' : 'no error');
      });

      it('retention is kept or refused, never dropped in silence', async () => {
        const retention = { mode: 'GOVERNANCE', period: 86_400_000_000_000n };
        const code = await codeOf(store.put('l', pattern(3), { retention }));
        expect(code).toBe(store.extendRetention === undefined ? 'unsupported' : 'no error');
      });

      it('capacity makes sense', async () => {
        const volume = await store.capacity();
        if (volume === undefined) return;
        expect(volume.available >= 0n && volume.available <= volume.capacity).toBe(true);
      });
    });

    describe('lists', () => {
      it('an empty store has none', async () => {
        expect(await listed(store)).toEqual([]);
        expect(await listed(store, 'p')).toEqual([]);
      });

      it('the prefix is plain text of any length', async () => {
        const ids = [
          'p',
          'pa',
          'paa',
          pack('a'),
          pack('b'),
          `q${'a'.repeat(40)}`,
          'xe1',
          'xe10',
          'xw1',
          'kopia.blobcfg',
        ];
        for (const id of ids) await store.put(id, pattern(1));
        for (const prefix of [
          '',
          'p',
          'pa',
          'paa',
          'paaaa',
          'paaaaa',
          pack('a'),
          `${pack('a')}x`,
          'x',
          'xe',
          'xe1',
          'q',
          'k',
          'y',
          'X',
        ])
          expect([prefix, await listed(store, prefix)]).toEqual([
            prefix,
            ids.filter((id) => id.startsWith(prefix)).toSorted(),
          ]);
      });

      it('hundreds of blobs come once each', async () => {
        const ids = Array.from(
          { length: 300 },
          (_, i) => `${'pqx'[i % 3]}${(i * 7919).toString(16).padStart(32, '0')}-s0`,
        );
        for (let at = 0; at < ids.length; at += 20)
          await Promise.all(ids.slice(at, at + 20).map((id) => store.put(id, pattern(2))));
        expect(await listed(store)).toEqual([...ids].toSorted());
        expect(await listed(store, 'q')).toEqual(ids.filter((id) => id[0] === 'q').toSorted());
      });

      it('the reader may delete, put and get inside, and may leave early', async () => {
        const ids = Array.from({ length: 30 }, (_, i) => `p${i.toString(16).repeat(24)}${i}`);
        for (const id of ids) await store.put(id, pattern(9));
        for await (const { id } of store.list('')) {
          if (id === 'kopia.other') continue;
          expect((await store.get(id)).length).toBe(9);
          await store.put('kopia.other', pattern(1));
          await store.delete(id);
        }
        expect(await listed(store)).toEqual(['kopia.other']);
        for (const id of ids) await store.put(id, pattern(9));
        let seen = 0;
        for await (const _ of store.list('p')) if (++seen === 3) break;
        expect(seen).toBe(3);
        expect((await listed(store, 'p')).length).toBe(30);
      });

      it('an error of the reader comes through as it is', async () => {
        await store.put('a', pattern(1));
        const mine = new Error('mine');
        const read = async () => {
          for await (const _ of store.list('')) throw mine;
        };
        await expect(read()).rejects.toBe(mine);
      });
    });

    describe('appending', () => {
      it('shows nothing before the commit and all of it after', async () => {
        if (store.begin === undefined) return;
        const appender = await store.begin(pack('g'));
        await appender.append(pattern(100, 1));
        await appender.append([pattern(0), pattern(7, 2), pattern(300_000, 3)]);
        expect(await listed(store)).toEqual([]);
        expect(await codeOf(store.get(pack('g')))).toBe('blob-not-found');
        expect(await codeOf(store.stat(pack('g')))).toBe('blob-not-found');
        await appender.append(new Uint8Array(0));
        const put = await appender.commit();
        expect(put.id).toBe(pack('g'));
        const whole = joinBytes([pattern(100, 1), pattern(7, 2), pattern(300_000, 3)]);
        expect(same(await store.get(pack('g')), whole)).toBe(true);
        expect(await store.stat(pack('g'))).toEqual(put);
        expect(await listed(store)).toEqual([pack('g')]);
      });

      it('copies what it is given', async () => {
        if (store.begin === undefined) return;
        const appender = await store.begin('g');
        const buffer = pattern(10, 1);
        await appender.append(buffer);
        buffer.set(pattern(10, 2));
        await appender.append(buffer);
        buffer.fill(0);
        await appender.commit();
        expect(await store.get('g')).toEqual(new Uint8Array([...pattern(10, 1), ...pattern(10, 2)]));
      });

      it('keeps pieces apart that are appended at the same time', async () => {
        if (store.begin === undefined) return;
        const appender = await store.begin('g');
        const pieces = [1, 2, 3].map((seed) => [pattern(50_000, seed), pattern(60_000, seed + 10)]);
        await Promise.all(pieces.map((parts) => appender.append(parts)));
        await appender.commit();
        expect(same(await store.get('g'), joinBytes(pieces.flat()))).toBe(true);
      });

      it('an abort leaves nothing, also when it is asked twice', async () => {
        if (store.begin === undefined) return;
        const appender = await store.begin(pack('h'));
        await appender.append(pattern(1000));
        await appender.abort();
        await appender.abort();
        expect(await codeOf(store.get(pack('h')))).toBe('blob-not-found');
        expect(await codeOf(appender.append(pattern(1)))).not.toBe('no error');
        expect(await codeOf(appender.commit())).not.toBe('no error');
        expect(await listed(store)).toEqual([]);
      });

      it('replaces an older blob only by the commit; an abort after it changes nothing', async () => {
        if (store.begin === undefined) return;
        await store.put('r', pattern(5, 1));
        const appender = await store.begin('r');
        await appender.append(pattern(6, 2));
        expect(await store.get('r')).toEqual(pattern(5, 1));
        await appender.commit();
        await appender.abort();
        expect(await store.get('r')).toEqual(pattern(6, 2));
        expect(await codeOf(appender.commit())).not.toBe('no error');
        expect(await store.get('r')).toEqual(pattern(6, 2));
      });

      it('several grow side by side', async () => {
        if (store.begin === undefined) return;
        const ids = ['a', 'b', 'c'].map(pack);
        const appenders = await Promise.all(ids.map((id) => store.begin!(id)));
        for (let round = 0; round < 5; round++)
          await Promise.all(appenders.map((appender, i) => appender.append(pattern(1000, 10 * i + round))));
        await Promise.all(appenders.map((appender) => appender.commit()));
        for (const [i, id] of ids.entries()) {
          const rounds = [0, 1, 2, 3, 4].map((round) => pattern(1000, 10 * i + round));
          expect(same(await store.get(id), joinBytes(rounds))).toBe(true);
        }
      });

      it('one that was never committed is invisible to another process', async () => {
        if (store.begin === undefined || made.reopen === undefined) return;
        await store.put('kept', pattern(3));
        const appender = await store.begin(pack('i'));
        await appender.append(pattern(5000));
        const other = await made.reopen();
        expect(await listed(other)).toEqual(['kept']);
        expect(await codeOf(other.get(pack('i')))).toBe('blob-not-found');
        await other.close();
        await appender.abort();
      });
    });

    it('another process sees what was put, and this one what the other puts', async () => {
      if (made.reopen === undefined) return;
      await store.put(pack('k'), pattern(50, 1));
      const other = await made.reopen();
      expect(await other.get(pack('k'))).toEqual(pattern(50, 1));
      await other.put(pack('l'), pattern(60, 2));
      await other.delete(pack('k'));
      await store.flushCaches();
      expect(await listed(store)).toEqual([pack('l')]);
      expect(await store.get(pack('l'))).toEqual(pattern(60, 2));
      await other.close();
    });

    it('puts, gets, lists and deletes at once: old or new, whole or absent', async () => {
      const ids = ['kopia.maintenance', pack('c'), pack('d')];
      const versions = [1, 2, 3, 4].map((seed) => pattern(20_000 * seed, seed));
      const whole = (bytes: Uint8Array) => versions.some((version) => same(version, bytes));
      const writers = { busy: true };
      const write = async (id: string, worker: number) => {
        for (let round = 0; round < 15; round++) {
          await store.put(id, versions[(round + worker) % 4]);
          if (round % 4 === worker) await store.delete(id);
        }
      };
      const read = async (id: string) => {
        while (writers.busy) {
          try {
            const bytes = await store.get(id);
            if (!whole(bytes)) throw new Error(`a torn read of ${bytes.length} bytes`);
          } catch (error) {
            if (!(error instanceof CairnError) || error.code !== 'blob-not-found') throw error;
          }
        }
      };
      const look = async () => {
        while (writers.busy) {
          const found = await listed(store);
          expect(new Set(found).size).toBe(found.length);
          expect(found.filter((id) => !ids.includes(id))).toEqual([]);
        }
      };
      const writes = Promise.all(ids.flatMap((id) => [write(id, 0), write(id, 1)])).finally(
        () => (writers.busy = false),
      );
      await Promise.all([writes, ...ids.flatMap((id) => [read(id), read(id)]), look(), look()]);
      for (const id of ids) await store.put(id, versions[0]);
      expect(await listed(store)).toEqual([...ids].toSorted());
      for (const id of ids) expect(same(await store.get(id), versions[0])).toBe(true);
    });

    it('says what it is', async () => {
      expect(store.displayName).not.toBe('');
      expect(store.readOnly).toBe(false);
      const { type, config } = store.connectionInfo();
      expect(type).toMatch(/^[a-zA-Z0-9]+$/);
      expect(typeof config).toBe('object');
    });
  });
}
