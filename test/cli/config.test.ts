import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DiskCache } from '../../src/blob/cache.ts';
import { cacheDirectoryName, cacheRoot } from '../../src/cli/config/cache.ts';
import { cacheDirectory, configDirectory, configPath, dataDirectory } from '../../src/cli/config/directories.ts';
import { configToText, parseConfig, readConfig, writeConfig } from '../../src/cli/config/file.ts';
import { cachedFormat, cacheFormat, forgetFormat } from '../../src/cli/config/format-cache.ts';
import { defaultHostName, defaultUserName } from '../../src/cli/config/identity.ts';
import { forgetPassword, readStoredKey, readStoredPassword, storePassword } from '../../src/cli/config/password.ts';
import { absolutePath, cleanPath, directoryOf, joinPath, relativePath } from '../../src/cli/config/paths.ts';
import { decodeToken, encodeToken } from '../../src/cli/config/token.ts';
import { CairnError } from '../../src/errors.ts';
import { ports, temporaryDirectory } from '../runtime.ts';
import { fakeEnvironment } from './terminal.ts';

const { files, random, clock } = ports();

/** What Kopia writes for `repository create filesystem --path=/r` (spec/storage-and-maintenance.md section 10). */
const text = `{
  "storage": {
    "type": "filesystem",
    "config": {
      "path": "/r",
      "fileMode": 384,
      "dirMode": 448,
      "dirShards": null
    }
  },
  "caching": {
    "cacheDirectory": "../../.cache/kopia/85a5608702533435",
    "maxCacheSize": 5242880000,
    "maxMetadataCacheSize": 5242880000,
    "maxListCacheDuration": 30
  },
  "hostname": "h",
  "username": "u",
  "description": "Repository in Filesystem: /r",
  "enableActions": false,
  "formatBlobCacheDuration": 900000000000
}`;
const uniqueId = Uint8Array.from({ length: 32 }, (_, i) => i);
const storage = { type: 'filesystem', config: { path: '/r', fileMode: 384, dirMode: 448, dirShards: null } };

describe('connection file', () => {
  it("reads and writes Kopia's bytes", () => {
    expect(configToText(parseConfig(text, 'c'))).toBe(text);
  });

  it('keeps what it does not know, and finds keys in any letter case', () => {
    const config = parseConfig(text.replace('"hostname"', '"HostName"').replace(/\}$/, ',"later":{"x":[1,2]}}'), 'c');
    expect(config.hostname).toBe('h');
    expect(JSON.parse(configToText(config)).later).toEqual({ x: [1, 2] });
    expect(JSON.parse(configToText(config)).hostname).toBe('h');
  });

  it.each([
    ['', /it is not JSON/],
    ['[]', /it is not a JSON object/],
    ['{"storage":3}', /'storage' is not an object/],
    ['{"storage":{"type":"filesystem"}}', /has no 'config'/],
    ['{"hostname":1}', /'hostname' is not a string/],
    ['{"readonly":"yes"}', /'readonly' is not a boolean/],
    ['{"formatBlobCacheDuration":1.5}', /is not a number/],
  ])('refuses %s', (bad, message) => {
    expect(() => parseConfig(bad, '/c')).toThrow(message);
    expect(() => parseConfig(bad, '/c')).toThrow(CairnError);
  });

  it('any bytes give a configuration or an error of ours', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (bad) => {
        try {
          parseConfig(bad, '/c');
        } catch (error) {
          expect(error).toBeInstanceOf(CairnError);
        }
      }),
    );
  });

  it('is written whole, private, with its directories', async () => {
    const folder = temporaryDirectory();
    const path = join(folder, 'a', 'b', 'c.config');
    await writeConfig(files, random, path, parseConfig(text, 'c'));
    expect(readFileSync(path, 'utf8')).toBe(text);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'a')).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(folder, 'a', 'b'))).toEqual(['c.config']);
    expect(await readConfig(files, path)).toEqual(parseConfig(text, path));
    expect(await readConfig(files, join(folder, 'none'))).toBeUndefined();
  });

  it('a failed write leaves nothing behind', async () => {
    const folder = temporaryDirectory();
    mkdirSync(join(folder, 'taken'));
    await expect(writeConfig(files, random, join(folder, 'taken'), parseConfig(text, 'c'))).rejects.toThrow(
      /unable to write/,
    );
    expect(readdirSync(folder)).toEqual(['taken']);
  });
});

describe('directories', () => {
  const linux = fakeEnvironment({ home: '/home/u' });
  const mac = fakeEnvironment({ platform: 'darwin', home: '/Users/u' });
  const windows = fakeEnvironment({
    platform: 'windows',
    home: 'C:\\Users\\u',
    variables: { APPDATA: 'C:\\Users\\u\\AppData\\Roaming', LOCALAPPDATA: 'C:\\Users\\u\\AppData\\Local' },
  });

  it('lie where each system keeps such things', () => {
    expect([linux, mac, windows].map((environment) => configDirectory(environment))).toEqual([
      '/home/u/.config/cairn',
      '/Users/u/Library/Application Support/cairn',
      'C:\\Users\\u\\AppData\\Roaming\\cairn',
    ]);
    expect([linux, mac, windows].map((environment) => cacheDirectory(environment))).toEqual([
      '/home/u/.cache/cairn',
      '/Users/u/Library/Caches/cairn',
      'C:\\Users\\u\\AppData\\Local\\cairn',
    ]);
    expect(dataDirectory(linux)).toBe('/home/u/.local/share/cairn');
  });

  it('XDG variables move them', () => {
    const environment = fakeEnvironment({
      variables: { XDG_CONFIG_HOME: '/x', XDG_CACHE_HOME: '/y', XDG_DATA_HOME: '/z' },
    });
    expect([configDirectory(environment), cacheDirectory(environment), dataDirectory(environment)]).toEqual([
      '/x/cairn',
      '/y/cairn',
      '/z/cairn',
    ]);
  });

  it('a bare name lies in the configuration directory, a path is a path', () => {
    expect(configPath('repository.config', linux)).toBe('/home/u/.config/cairn/repository.config');
    expect(configPath('repository.config', linux, 'kopia')).toBe('/home/u/.config/kopia/repository.config');
    expect(configPath('./x.config', linux)).toBe('/home/ann/work/x.config');
    expect(configPath('/etc/x.config', linux)).toBe('/etc/x.config');
  });

  it('without a home directory it says what to do', () => {
    const nowhere = { ...linux, homeDirectory: () => undefined };
    expect(() => configPath('repository.config', nowhere)).toThrow(/no home directory/);
    expect(configPath('/x.config', nowhere)).toBe('/x.config');
  });
});

describe('cache directory', () => {
  const file = '/home/u/.config/kopia/repository.config';

  it("has Kopia's name", async () => {
    expect(await cacheDirectoryName(uniqueId, file)).toBe('85a5608702533435');
  });

  it('is one of its own for each repository below the directory that is named', async () => {
    const environment = fakeEnvironment();
    const a = await cacheRoot({ cacheDirectory: '../../.cache/kopia/85a5608702533435' }, uniqueId, file, environment);
    const b = await cacheRoot(
      { cacheDirectory: '../../.cache/kopia/85a5608702533435' },
      new Uint8Array(32),
      file,
      environment,
    );
    expect(a).toMatch(/^\/home\/u\/\.cache\/kopia\/85a5608702533435\/cairn-[0-9a-f]{16}$/);
    expect(a).not.toBe(b);
    expect(await cacheRoot({}, uniqueId, file, environment)).toBeUndefined();
    expect(await cacheRoot(undefined, uniqueId, file, environment)).toBeUndefined();
  });

  it('an absolute variable goes first, where there is caching', async () => {
    const environment = fakeEnvironment({ variables: { KOPIA_CACHE_DIRECTORY: '/fast' } });
    expect(await cacheRoot({ cacheDirectory: 'x' }, uniqueId, file, environment)).toMatch(/^\/fast\/cairn-/);
    expect(await cacheRoot(undefined, uniqueId, file, environment)).toBeUndefined();
  });
});

describe('identity', () => {
  it('is the first label of the host and the user without a domain', () => {
    expect(defaultHostName(fakeEnvironment())).toBe('alpha');
    expect(defaultUserName(fakeEnvironment({ userName: () => 'CORP\\Ann' }))).toBe('Ann');
    expect(defaultHostName(fakeEnvironment({ hostName: () => undefined }))).toBe('nohost');
    expect(defaultUserName(fakeEnvironment({ userName: () => undefined }))).toBe('nobody');
  });
});

describe('tokens', () => {
  const token =
    'eyJ2ZXJzaW9uIjoiMSIsInN0b3JhZ2UiOnsidHlwZSI6ImZpbGVzeXN0ZW0iLCJjb25maWciOnsicGF0aCI6Ii9yIiwiZmlsZU1vZGUiOjM4NCwiZGlyTW9kZSI6NDQ4LCJkaXJTaGFyZHMiOm51bGx9fSwicGFzc3dvcmQiOiJwdyJ9';

  it("are Kopia's bytes", () => {
    expect(encodeToken(storage, 'pw')).toBe(token);
    expect(decodeToken(token)).toEqual({ storage, password: 'pw' });
    expect(decodeToken(encodeToken(storage))).toEqual({ storage });
  });

  it('may be broken into lines', () => {
    expect(decodeToken(token.replace(/.{60}/g, '$&\r\n') + '\n').password).toBe('pw');
  });

  it.each([
    ['!!', 'unable to decode token'],
    ['', 'unable to decode token'],
    [btoa('[]'), 'unable to decode token'],
    [btoa('{"version":"2"}'), 'unsupported token version'],
    [btoa('{"version":"1"}'), 'unable to decode token'],
    [btoa('{"version":"1","storage":{"type":"x","config":{}},"password":3}'), 'unable to decode token'],
  ])('refuses %s', (bad, message) => {
    expect(() => decodeToken(bad)).toThrow(message);
  });

  it('a bad token is never part of the message', () => {
    const secret = btoa('{"version":"1","password":"topsecret"}');
    expect(() => decodeToken(secret)).toThrow(expect.not.stringContaining(secret));
  });
});

describe('stored password', () => {
  const key = { keyDerivation: 'scrypt-65536-8-1', uniqueId, key: new Uint8Array(32).fill(7) };

  it("is Kopia's file, with the derived key beside it", async () => {
    const config = join(temporaryDirectory(), 'c.config');
    await storePassword(files, random, config, 'pässword', key);
    expect(readFileSync(config + '.kopia-password', 'utf8')).toBe('cMOkc3N3b3Jk');
    expect(statSync(config + '.kopia-password').mode & 0o777).toBe(0o600);
    expect(statSync(config + '.cairn-key').mode & 0o777).toBe(0o600);
    expect(await readStoredPassword(files, config)).toBe('pässword');
    expect(await readStoredKey(files, config)).toEqual(key);
    await forgetPassword(files, config);
    expect(await readStoredPassword(files, config)).toBeUndefined();
    expect(await readStoredKey(files, config)).toBeUndefined();
    await forgetPassword(files, config);
  });

  it('a new password without a key takes the old key away', async () => {
    const config = join(temporaryDirectory(), 'c.config');
    await storePassword(files, random, config, 'a', key);
    await storePassword(files, random, config, 'b');
    expect(await readStoredKey(files, config)).toBeUndefined();
  });

  it('a damaged key counts as none, a damaged password is named', async () => {
    const config = join(temporaryDirectory(), 'c.config');
    for (const bad of ['', 'x', 'scrypt-65536-8-1 AAAA AAAA', 'a b c d', '\0\0']) {
      writeFileSync(config + '.cairn-key', bad);
      expect(await readStoredKey(files, config)).toBeUndefined();
    }
    writeFileSync(config + '.kopia-password', '***');
    await expect(readStoredPassword(files, config)).rejects.toThrow(/is not base64/);
  });
});

describe('cached format blobs', () => {
  const blobs = { repository: Uint8Array.of(1, 2, 3), blobcfg: Uint8Array.of(4) };
  const MINUTE = 60_000_000_000n;
  const at = (now: bigint) => ({ ...clock, now: () => now });

  it('are given for as long as they may be, and never longer than 15 minutes', async () => {
    const cache = new DiskCache(files, join(temporaryDirectory(), 'cache'), { limit: 1 << 20, clock });
    await cacheFormat(cache, at(100n * MINUTE), blobs);
    expect(await cachedFormat(cache, at(101n * MINUTE), 0n)).toEqual(blobs);
    expect(await cachedFormat(cache, at(115n * MINUTE), 0n)).toEqual(blobs);
    expect(await cachedFormat(cache, at(116n * MINUTE), 60n * MINUTE)).toBeUndefined();
    expect(await cachedFormat(cache, at(103n * MINUTE), 2n * MINUTE)).toBeUndefined();
    expect(await cachedFormat(cache, at(99n * MINUTE), 0n)).toBeUndefined();
    expect(await cachedFormat(cache, at(101n * MINUTE), -1n)).toBeUndefined();
    await forgetFormat(cache);
    expect(await cachedFormat(cache, at(101n * MINUTE), 0n)).toBeUndefined();
  });

  it('a repository without kopia.blobcfg', async () => {
    const cache = new DiskCache(files, join(temporaryDirectory(), 'cache'), { limit: 1 << 20, clock });
    await cacheFormat(cache, clock, { ...blobs, blobcfg: undefined });
    expect(await cachedFormat(cache, clock, 0n)).toEqual({ ...blobs, blobcfg: undefined });
  });
});

describe('paths', () => {
  it.each([
    ['/a/./b//c/../d/', '/a/b/d'],
    ['/../..', '/'],
    ['a/../../b', '../b'],
    ['', '.'],
    ['/', '/'],
  ])('%s', (path, clean) => {
    expect(cleanPath(path, '/')).toBe(clean);
  });

  it('of Windows', () => {
    expect(cleanPath('C:/a\\..\\b', '\\')).toBe('C:\\b');
    expect(directoryOf('C:\\a', '\\')).toBe('C:\\');
    expect(relativePath('C:\\a\\b', 'C:\\a\\c', '\\')).toBe('..\\c');
    expect(relativePath('C:\\a', 'D:\\a', '\\')).toBeUndefined();
    expect(absolutePath('x', 'C:\\a', '\\')).toBe('C:\\a\\x');
  });

  it('one seen from another leads there', () => {
    const name = fc.stringMatching(/^[a-c]{1,2}$/);
    const path = fc.array(name, { maxLength: 4 }).map((names) => '/' + names.join('/'));
    fc.assert(
      fc.property(path, path, (from, to) => {
        expect(joinPath('/', from, relativePath(from, to, '/')!)).toBe(cleanPath(to, '/'));
      }),
    );
  });
});
