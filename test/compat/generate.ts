import { spawnSync } from 'node:child_process';
import { chmodSync, linkSync, lutimesSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../../src/bytes/json.ts';
import { noise } from './tree.ts';

/** Choices of one seed: the same everywhere. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed * 0x9e3779b9 + 0x7f4a7c15) >>> 0 || 1;
    for (let i = 0; i < 8; i++) this.below(2);
  }

  below(limit: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }

  some<T>(list: readonly T[], most: number): T[] {
    return Array.from({ length: 1 + this.below(most) }, () => this.of(list));
  }
}

const folders = ['logs', 'src', 'node_modules', '.cache', 'Sub Dir', 'ünï', 'a', 'b', 'build'];
const files = (
  String.raw`a|b.txt|c.tmp|notes.TXT|x.log|.hidden|data.bin|photo.jpg|archive.zip|c1|c2|C3|[z]|#hash|!bang|x y` +
  String.raw`|back\slash|é.txt|no.ext.|core|trail |*|` +
  '\u{1f600}|\uffee'
).split('|');
const rules = (
  String.raw`*.tmp|*.txt|!b.txt|!*.txt|logs/|/logs/|logs|a/**|**/a|**/logs/**|/a|/*.log|src/b.txt|/src/*|!/src/a` +
  String.raw`|node_modules|c?|c[0-9]|c[!1]|[[:upper:]]*|[a-c]|[^a]*|*|!*/|!.hidden|.*|**foo|x**y|!**/a|*/b|**/a/b|b/` +
  String.raw`|x y| x.log |\#hash|#hash|\!bang|!bang|\[z\]|[[]z]|back\\slash|trail\ |é*|?|??|*.*|no.ext.|**|ünï/**` +
  String.raw`|src/**/a|**/src/|/**/x.log|build/*|!build/a|*.jpg|Sub Dir|Sub*/|/|` +
  '\t|\\*|**/'
).split('|');

const compressors = ['none', 'gzip', 'zstd', 'zstd-fastest', 's2-default', 'pgzip-best-speed', 'deflate-default'];
const splitters = ['', 'FIXED-1M', 'DYNAMIC-128K-BUZHASH', 'FIXED-128K'];
const extensions = ['.txt', '.tmp', '.log', '.hidden', '.jpg', '.zip', '.bin', '.TXT', '.'];
const sorted = (list: string[]) => [...new Set(list)].toSorted();

/** A policy with some of what chooses files, or how they are stored. */
export function makePolicy(chance: Chance): { [key: string]: Json } {
  const maybe = (key: string, times: number, value: () => Json) => (chance.once(times) ? { [key]: value() } : {});
  const flag = () => chance.once(2);
  return {
    files: {
      ...maybe('ignore', 2, () => chance.some(rules, 4).filter((rule) => /\S/.test(rule))),
      ...maybe('ignoreDotFiles', 4, () => chance.of([['.kopiaignore'], ['.ignore'], ['.kopiaignore', '.ignore']])),
      ...maybe('noParentIgnore', 8, flag),
      ...maybe('noParentDotFiles', 8, flag),
      ...maybe('ignoreCacheDirs', 3, flag),
      ...maybe('maxFileSize', 4, () => chance.of([1, 100, 1000, 5000])),
      ...maybe('oneFileSystem', 4, flag),
    },
    errorHandling: {
      ...maybe('ignoreUnknownTypes', 6, flag),
      ...maybe('ignoreDirectoryErrors', 3, flag),
      ...maybe('ignoreFileErrors', 4, flag),
    },
    compression: {
      ...maybe('compressorName', 2, () => chance.of(compressors)),
      ...maybe('onlyCompress', 4, () => sorted(chance.some(extensions, 3))),
      ...maybe('noParentOnlyCompress', 8, flag),
      ...maybe('neverCompress', 3, () => sorted(chance.some(extensions, 3))),
      ...maybe('noParentNeverCompress', 8, flag),
      ...maybe('minSize', 4, () => chance.of([1, 50, 2000])),
      ...maybe('maxSize', 4, () => chance.of([100, 10_000])),
    },
    metadataCompression: { ...maybe('compressorName', 4, () => chance.of(compressors)) },
    splitter: { ...maybe('algorithm', 4, () => chance.of(splitters)) },
    retention: { ...maybe('ignoreIdenticalSnapshots', 5, flag) },
    upload: { ...maybe('parallelUploadAboveSize', 4, () => chance.of([100_000, 65_536])) },
    ...maybe('noParent', 12, () => true),
  };
}

/** Fills `root`; gives the folders and files below it, as paths with a leading `/`. */
export function fillTree(chance: Chance, root: string): { folders: string[]; files: string[] } {
  const made = { folders: [] as string[], files: [] as string[] };
  const times: [string, number][] = [];
  const stamp = (path: string) => times.push([path, 1_500_000_000_000 + chance.below(2 ** 32) * 40]);
  const file = (path: string, data: Uint8Array | string) => {
    writeFileSync(join(root, path), data);
    chmodSync(join(root, path), chance.of([0o644, 0o600, 0o755, 0o4755, 0o2711, 0o444]));
    made.files.push(path);
    stamp(path);
  };
  const contents = () =>
    chance.once(25)
      ? noise(60_000 + chance.below(400_000), 1 + chance.below(1e9))
      : chance.once(3)
        ? `${chance.below(2 ** 32)}, `.repeat(chance.below(800)) // equal contents would be compressed as the first one met
        : noise(chance.below(200), 1 + chance.below(1e9));
  const fill = (at: string, depth: number) => {
    const names = new Set(chance.some(files, depth === 0 ? 14 : 9));
    for (const name of names) file(`${at}/${name}`, contents());
    for (const name of ['.kopiaignore', '.ignore'])
      if (chance.once(4)) {
        const end = chance.of(['\n', '\r\n', '\n\n# remark\n']);
        // one bad rule now and then, and never in the root, which it would end
        const bad = depth > 0 && chance.once(20) ? ['[a'] : [];
        file(`${at}/${name}`, [...chance.some(rules, 5), ...bad].join(end) + (chance.once(3) ? '' : end));
      } else if (depth > 0 && chance.once(15)) {
        symlinkSync(chance.of(['../.ignore', 'rules of others', 'b.txt']), join(root, at, name));
        stamp(`${at}/${name}`);
      }
    if (chance.once(5))
      file(
        `${at}/CACHEDIR.TAG`,
        chance.of(['Signature: 8a477f597d28d172789f06886806bc55', 'Signature: 8a477f597d28d172789f06886806bc5']) +
          chance.of(['', '\nmore']),
      );
    if (chance.once(4)) {
      symlinkSync(chance.of(['b.txt', '/nowhere', '..', 'é', '.']), join(root, at, 'z-link'));
      stamp(`${at}/z-link`);
    }
    if (chance.once(6)) {
      file(`${at}/z-soft.txt`, 'short');
      linkSync(join(root, at, 'z-soft.txt'), join(root, at, 'z-hard'));
    }
    if (chance.once(8)) spawnSync('mkfifo', [join(root, at, 'z-pipe')]);
    if (depth < 3)
      for (const name of new Set(chance.some(folders, 4))) {
        if (names.has(name)) continue;
        mkdirSync(join(root, at, name));
        made.folders.push(`${at}/${name}`);
        if (!chance.once(8)) fill(`${at}/${name}`, depth + 1);
        chmodSync(join(root, at, name), chance.of([0o755, 0o700, 0o2750, 0o1777]));
        stamp(`${at}/${name}`);
      }
  };
  fill('', 0);
  // whole milliseconds, which every runtime can read; folders last, for filling them changes theirs
  for (const [path, time] of times) lutimesSync(join(root, path), time / 1000, time / 1000);
  lutimesSync(root, 1_600_000_000, 1_600_000_000);
  return made;
}
