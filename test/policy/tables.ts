import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { parseJson } from '../../src/bytes/json.ts';

export type TableName =
  | 'ignore-patterns'
  | 'retention'
  | 'schedules'
  | 'policy-merge'
  | 'texts'
  | 'policies'
  | 'selection'
  | 'edits';

/** Reads one of the decision tables that the real Kopia's own code filled in. */
export function readTable<T>(name: TableName): T {
  const file = new URL(`./tables/${name}.json.gz`, import.meta.url);
  return parseJson(gunzipSync(readFileSync(file)).toString('utf8')) as T;
}
