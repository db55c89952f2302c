import { describe, expect, it } from 'vitest';
import { decodeEscrow, exportFormat, importFormat } from '../../src/format/escrow.ts';
import { findFormatCopy, recoverFormatBlob } from '../../src/format/repair.ts';
import { fixtureStorage, expected } from '../fixtures/load.ts';
import { openFixture } from '../fixtures/reopen.ts';
import { ports } from '../runtime.ts';

const { native } = ports();

describe('key escrow', () => {
  it.each([
    'damaged-format-missing',
    'damaged-format-garbage',
    'damaged-format-zero-length',
    'damaged-format-encryption',
  ])('puts back %s', async (name) => {
    const base = await fixtureStorage('damaged-base');
    const { formatKey } = (await openFixture(base, 'damaged-base')).format;
    const file = await exportFormat(base, 0n);
    const storage = await fixtureStorage(name);
    await importFormat(storage, file, { formatKey }, native);
    const repository = await openFixture(storage, 'damaged-base');
    expect(repository.contents.index.count).toBeGreaterThan(0);
    await expect(importFormat(storage, file, { formatKey }, native)).rejects.toThrow(/nothing to repair/);
  });

  it('asks before it replaces what may be newer, and never mixes repositories', async () => {
    const base = await fixtureStorage('damaged-base');
    const { formatKey } = (await openFixture(base, 'damaged-base')).format;
    const file = await exportFormat(base, 0n);
    const flipped = await fixtureStorage('damaged-format-bitflip');
    await expect(importFormat(flipped, file, { formatKey }, native)).rejects.toThrow(
      /does not open with this password/,
    );
    await importFormat(flipped, file, { formatKey }, native, { force: true });
    await openFixture(flipped, 'damaged-base');
    const other = await fixtureStorage('maintenance');
    await expect(importFormat(other, file, { formatKey }, native, { force: true })).rejects.toThrow(
      /another repository/,
    );
    await expect(importFormat(flipped, file, { formatKey: new Uint8Array(32) }, native)).rejects.toThrow(/password/);
  });

  it('takes a bare copy of the blob and refuses anything else', async () => {
    const base = await fixtureStorage('damaged-base');
    const blob = await base.get('kopia.repository');
    expect(decodeEscrow(blob).repository).toEqual(blob);
    for (const text of [
      '',
      '{}',
      '[1]',
      '{"kind":"cairn-repository-format","version":1,"blobs":{"kopia.repository":"%%"}}',
    ])
      expect(() => decodeEscrow(new TextEncoder().encode(text))).toThrow(/export-format/);
  });
});

describe('repair of kopia.repository', () => {
  it('finds the copy in packs of format version 1', async () => {
    const storage = await fixtureStorage('legacy-index');
    const want = await storage.get('kopia.repository');
    await storage.delete('kopia.repository');
    const { blob } = await recoverFormatBlob(storage);
    expect(blob).toEqual(want);
    await storage.put('kopia.repository', blob);
    await openFixture(storage, 'legacy-index');
  });

  it('says that newer versions have none, and trusts no copy that was altered', async () => {
    await expect(recoverFormatBlob(await fixtureStorage('damaged-format-missing'))).rejects.toThrow(
      /no pack holds a copy/,
    );
    const storage = await fixtureStorage('legacy-index');
    const pack = (expected('legacy-index').blobs as { id: string }[]).find(({ id }) => id.startsWith('p'))!.id;
    const bytes = await storage.get(pack);
    const copy = findFormatCopy(bytes)!;
    expect(findFormatCopy(bytes.subarray(0, copy.length + 36))).toEqual(copy);
    bytes[100] ^= 1;
    expect(findFormatCopy(bytes)).toBeUndefined();
    for (const length of [0, 1, 2, 40]) expect(findFormatCopy(bytes.subarray(0, length))).toBeUndefined();
  });
});
