import type { DirEntry } from '../snapshot/entry.ts';

// the digits of COM and LPT may also be superscript
const reserved = /^(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9\u00b9\u00b2\u00b3])(?:[ .].*)?$/i;

/**
 * Why a stored name must not become a file's, or undefined when it may. A repository that someone else wrote could name
 * entries so that they land outside the target.
 */
export function nameProblem(name: string, windows: boolean): string | undefined {
  if (name === '') return 'its name is empty';
  if (name === '.' || name === '..') return `its name is "${name}"`;
  if (name.includes('/')) return 'its name holds a slash';
  if (name.includes('\0')) return 'its name holds a NUL';
  if (!windows) return undefined;
  if (/[\\:*?"<>|\u0001-\u001f]/.test(name)) return 'its name holds a character that Windows does not allow';
  if (/[ .]$/.test(name)) return 'its name ends in a blank or a dot, which Windows drops';
  if (reserved.test(name)) return 'Windows reserves its name for a device';
  return undefined;
}

/**
 * Gives entries of one directory that have the same name different ones, so that none replaces another: `name`,
 * `name (2)`, ... Kopia writes such pairs for names that are not UTF-8 and differ in the bytes it replaced.
 */
export function distinctNames(
  entries: readonly DirEntry[],
  windows: boolean,
  onRenamed: (from: string, to: string) => void,
): readonly DirEntry[] {
  const key = (name: string) => (windows ? name.toUpperCase() : name);
  const taken = new Set(entries.map(({ name }) => key(name)));
  if (taken.size === entries.length) return entries;
  const used = new Set<string>();
  return entries.map((entry) => {
    if (!used.has(key(entry.name))) {
      used.add(key(entry.name));
      return entry;
    }
    let name = entry.name;
    for (let n = 2; taken.has(key(name)); n++) name = `${entry.name} (${n})`;
    taken.add(key(name));
    used.add(key(name));
    onRenamed(entry.name, name);
    return { ...entry, name };
  });
}
