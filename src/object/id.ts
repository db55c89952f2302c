import { parseContentId } from '../content/id.ts';
import { CairnError } from '../errors.ts';

/** Object IDs (spec/repository-format.md section 13.1): `I`* for levels of indirection, `Z` for an object-level compressed payload. */
export interface ObjectId {
  /** Number of leading `I`. */
  indirection: number;
  compressed: boolean;
  contentId: string;
}

export function parseObjectId(text: string): ObjectId {
  const bad = (why: string, cause?: unknown) =>
    new CairnError('invalid-argument', `malformed object ID "${text}": ${why}`, { cause, data: { id: text } });
  let indirection = 0;
  while (text[indirection] === 'I') indirection++;
  let rest = indirection === 0 ? text : text.slice(indirection);
  const compressed = rest.startsWith('Z');
  if (compressed) rest = rest.slice(1);
  if (rest.startsWith('D')) rest = rest.slice(1);
  if (indirection > 0 && compressed) throw bad("'I' and 'Z' exclude each other");
  if (indirection > 16) throw bad('it has too many levels of indirection');
  let contentId;
  try {
    contentId = parseContentId(rest);
  } catch (cause) {
    throw bad(cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (contentId === '' && text !== '') throw bad('it names no content');
  return { indirection, compressed, contentId };
}

export function formatObjectId({ indirection, compressed, contentId }: ObjectId): string {
  return 'I'.repeat(indirection) + (compressed ? 'Z' : '') + contentId;
}

export function isObjectId(text: string): boolean {
  try {
    return parseObjectId(text).contentId !== '';
  } catch {
    return false;
  }
}

/** Whether an object is a directory: content prefix `k` below any indirection (snapshots spec section 3.5). */
export function isDirectoryObject(id: string): boolean {
  return parseObjectId(id).contentId.startsWith('k');
}
