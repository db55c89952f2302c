import { symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { systemCode } from '../../src/errors.ts';
import { ports, temporaryDirectory } from '../runtime.ts';

const { files, fidelity, syncWriter } = ports();
const root = temporaryDirectory();
/** Bun's path.join alters lone surrogates. */
const at = (name: string) => root + files.separator + name;
const bytes = new TextEncoder().encode('some bytes');

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
  } catch (error) {
    return systemCode(error);
  }
  return 'no error';
}

describe('a file written at once', () => {
  const names = fidelity.rawNames ? ['plain', 'caf\udce9-\udcff-é'] : ['plain'];

  it.each(names)('has its bytes, attributes and name: %j', async (name) => {
    const handle = syncWriter.create(at('temporary' + name), 0o600);
    syncWriter.write(handle, bytes);
    const { kind, mode, uid, gid, size } = syncWriter.stat(handle);
    expect({ kind, mode, size }).toEqual({ kind: 'file', mode: 0o600, size: bytes.length });
    syncWriter.chown(handle, uid, gid);
    syncWriter.chmod(handle, 0o4750);
    syncWriter.setTimes(handle, 1_700_000_000_123_456_789n);
    syncWriter.close(handle);
    expect(codeOf(() => syncWriter.create(at('temporary' + name), 0o600))).toBe('EEXIST');
    syncWriter.rename(at('temporary' + name), at(name));
    expect(await files.lstat(at(name))).toMatchObject({ kind: 'file', mode: 0o4750, uid, gid, size: bytes.length });
    expect(await files.readFile(at(name))).toEqual(bytes);
    syncWriter.removeFile(at(name));
    expect(await files.list(root)).toEqual([]);
  });

  it.each([0n, 7n, -5_123_456_789n, 1_700_000_000_999_999_999n, 4_102_444_800_123_456_789n])(
    'has the time %d within what fidelity tells',
    async (time) => {
      const handle = syncWriter.create(at('timed'), 0o600);
      syncWriter.setTimes(handle, time);
      syncWriter.close(handle);
      const { mtime } = await files.lstat(at('timed'));
      syncWriter.removeFile(at('timed'));
      expect(mtime > time ? mtime - time : time - mtime).toBeLessThan(BigInt(fidelity.writeTimeResolution));
    },
  );

  it('never follows a link, not even one that leads nowhere', async () => {
    writeFileSync(at('target'), 'keep');
    symlinkSync('target', at('link'));
    symlinkSync('nowhere', at('dangling'));
    for (const name of ['link', 'dangling']) expect(codeOf(() => syncWriter.create(at(name), 0o600))).toBe('EEXIST');
    expect((await files.list(root)).map(({ name }) => name).toSorted()).toEqual(['dangling', 'link', 'target']);
    expect(codeOf(() => syncWriter.rename(at('missing'), at('x')))).toBe('ENOENT');
    expect(codeOf(() => syncWriter.removeFile(at('missing')))).toBe('ENOENT');
    expect(new TextDecoder().decode(await files.readFile(at('target')))).toBe('keep');
  });
});
