import { indentJson, parseJson } from '../../bytes/json.ts';
import { CairnError } from '../../errors.ts';
import type { Console } from './console.ts';

/** Stored bytes as they are, or, when they are JSON, over several lines. */
export async function showBytes(console: Console, data: Uint8Array, indent: boolean): Promise<void> {
  if (!indent) return console.bytes(data);
  let json;
  try {
    json = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(data));
  } catch (cause) {
    throw new CairnError('invalid-argument', 'it is not JSON', { cause, hint: 'print it without --json' });
  }
  await console.line(indentJson(json));
}
