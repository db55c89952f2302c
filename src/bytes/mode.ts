/**
 * File modes. Cairn keeps the Unix layout (0o777 and 0o4000 setuid, 0o2000 setgid, 0o1000 sticky); Kopia stores Go's,
 * whose special bits and types lie elsewhere (spec/snapshots-and-policies.md section 3.3).
 */
import { CairnError } from '../errors.ts';
import type { FileKind } from '../ports.ts';

const SETUID = 1 << 23;
const SETGID = 1 << 22;
const STICKY = 1 << 20;
const kinds: Record<FileKind, number> = { file: 0, directory: 2 ** 31, symlink: 1 << 27, other: 1 << 19 };

/** Go's number: permissions, its own special bits and its type bit. */
export function goMode(unixMode: number, kind: FileKind): number {
  return kinds[kind] + permissionBits(unixMode);
}

function permissionBits(unixMode: number): number {
  let bits = unixMode & 0o777;
  if (unixMode & 0o4000) bits |= SETUID;
  if (unixMode & 0o2000) bits |= SETGID;
  if (unixMode & 0o1000) bits |= STICKY;
  return bits;
}

/** Unix permissions and special bits of Go's number; its type bits are dropped. */
export function unixMode(goMode: number): number {
  let mode = goMode & 0o777;
  if (goMode & SETUID) mode |= 0o4000;
  if (goMode & SETGID) mode |= 0o2000;
  if (goMode & STICKY) mode |= 0o1000;
  return mode;
}

/** The stored text: `0` and Go's number in octal, without type bits. */
export function modeToJson(unixMode: number): string {
  return '0' + permissionBits(unixMode).toString(8);
}

/** Reads a stored mode text by the rules of C literals; `corrupt` when it is none or does not fit 32 bits. */
export function modeFromJson(text: string): number {
  const value = /^[+-]?0[0-7]*$/.test(text)
    ? parseInt(text, 8)
    : /^[+-]?(0x[0-9a-f]+|[1-9][0-9]*)$/i.test(text)
      ? Number(text.replace(/^[+-]/, '')) * (text[0] === '-' ? -1 : 1)
      : NaN;
  if (!(value >= -(2 ** 31) && value < 2 ** 31)) throw new CairnError('corrupt', `invalid file mode "${text}"`);
  return unixMode(value);
}

const letters = 'dalTLDpSugct?';

/** Go's text of a mode number: the letters that apply or `-`, then `rwxr-xr-x`. */
export function goModeText(mode: number): string {
  let text = '';
  for (let i = 0; i < letters.length; i++) if ((mode >>> (31 - i)) & 1) text += letters[i];
  if (text === '') text = '-';
  for (let i = 8; i >= 0; i--) text += (mode >>> i) & 1 ? 'xwr'[i % 3] : '-';
  return text;
}

/** `drwxr-xr-x`, `ugtrwxrwxrwx`, `Lrwxrwxrwx`. */
export function modeText(kind: FileKind, unixMode: number): string {
  return goModeText(goMode(unixMode, kind));
}
