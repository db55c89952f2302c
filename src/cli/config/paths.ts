/** File paths as text, for both separators. */

type Separator = '/' | '\\';

/** `C:` or a share's `\\server\share`; empty elsewhere. */
function volume(path: string, separator: Separator): string {
  if (separator === '/') return '';
  return /^(?:[A-Za-z]:|[\\/]{2}[^\\/]+[\\/][^\\/]+)/.exec(path)?.[0] ?? '';
}

export function isAbsolute(path: string, separator: Separator): boolean {
  const rest = path.slice(volume(path, separator).length);
  return separator === '/' ? path.startsWith('/') : /^[\\/]/.test(rest);
}

/** Shortest form: no `.`, no `..` that can be resolved, no doubled or trailing separators. */
export function cleanPath(path: string, separator: Separator): string {
  const head = volume(path, separator);
  const rest = path.slice(head.length);
  const absolute = separator === '/' ? rest.startsWith('/') : /^[\\/]/.test(rest);
  const parts: string[] = [];
  for (const part of rest.split(separator === '/' ? '/' : /[\\/]/)) {
    if (part === '' || part === '.') continue;
    if (part !== '..' || parts.length === 0 || parts.at(-1) === '..') {
      if (part === '..' && absolute) continue;
      parts.push(part);
    } else parts.pop();
  }
  const text = head + (absolute ? separator : '') + parts.join(separator);
  return text === '' ? '.' : text;
}

export function joinPath(separator: Separator, ...parts: string[]): string {
  return cleanPath(parts.filter((part) => part !== '').join(separator), separator);
}

export function absolutePath(path: string, current: string, separator: Separator): string {
  return isAbsolute(path, separator) ? cleanPath(path, separator) : joinPath(separator, current, path);
}

export function directoryOf(path: string, separator: Separator): string {
  const at = separator === '/' ? path.lastIndexOf('/') : Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'));
  if (at < 0) return '.';
  const head = path.slice(0, at);
  return head === volume(path, separator) ? head + separator : cleanPath(head, separator);
}

export function baseName(path: string, separator: Separator): string {
  return path.split(separator === '/' ? '/' : /[\\/]/).at(-1)!;
}

/** `to` as seen from the directory `from`, both absolute; undefined on another volume. */
export function relativePath(from: string, to: string, separator: Separator): string | undefined {
  if (volume(from, separator).toLowerCase() !== volume(to, separator).toLowerCase()) return undefined;
  const a = cleanPath(from, separator).split(separator).filter(Boolean);
  const b = cleanPath(to, separator).split(separator).filter(Boolean);
  let same = 0;
  while (same < a.length && same < b.length && a[same] === b[same]) same++;
  return [...a.slice(same).map(() => '..'), ...b.slice(same)].join(separator) || '.';
}
