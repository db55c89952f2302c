import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { randomFillSync } from 'node:crypto';
import { openStorage } from '../../src/blob/registry.ts';
import type { OpenStorageOptions, StoragePorts } from '../../src/blob/provider.ts';
import type { BlobStorage } from '../../src/blob/storage.ts';
import type { JsonObject } from '../../src/bytes/json.ts';
import type { Files } from '../../src/ports.ts';
import { TestClock } from './clock.ts';
import { nodeFiles } from '../../runtimes/node/files.ts';

export function temporaryDirectory(): { path: string; remove: () => Promise<void> } {
  const path = mkdtempSync(join(tmpdir(), 'cairn-blob-'));
  return { path, remove: async () => rmSync(path, { recursive: true, force: true }) };
}

export function testPorts(files: Files = nodeFiles, clock = new TestClock()): StoragePorts {
  return { files, clock, random: (into) => void randomFillSync(into) };
}

export function openFolder(
  path: string,
  options: OpenStorageOptions & { files?: Files; config?: JsonObject; ports?: Partial<StoragePorts> } = {},
): Promise<BlobStorage> {
  const ports = { ...testPorts(options.files), ...options.ports };
  return openStorage({ type: 'filesystem', config: { path, ...options.config } }, ports, options);
}

/** Makes files, with their own path as content, and the directories they need. */
export function plant(root: string, ...paths: string[]): void {
  for (const path of paths) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), path);
  }
}

/** Paths of all files below a directory, sorted, with `/`. */
export function tree(root: string): string[] {
  const walk = (at: string): string[] =>
    readdirSync(join(root, at), { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? walk(`${at}${entry.name}/`) : [at + entry.name],
    );
  return walk('').toSorted();
}
