import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** Reads one of the decision tables that the real Kopia's own code filled in. */
export function readTable<T>(name: 'ignore-patterns' | 'retention' | 'schedules' | 'policy-merge' | 'texts'): T {
  const file = new URL(`./tables/${name}.json.gz`, import.meta.url);
  return JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')) as T;
}
