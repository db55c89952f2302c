/** Which targets a source inherits from, most specific first (spec/snapshots-and-policies.md section 4.3). */
import { GLOBAL, type SourceInfo } from './source.ts';

/** The target itself, its parent paths up to the root, `user@host`, `@host`, global; each once. */
export function policyChain(target: SourceInfo): SourceInfo[] {
  const { host, userName } = target;
  const chain: SourceInfo[] = [];
  for (let path = target.path; path !== '';) {
    chain.push({ host, userName, path });
    const parent = parentPath(path);
    if (parent === path) break;
    path = parent;
  }
  if (userName !== '') chain.push({ host, userName, path: '' });
  if (host !== '') chain.push({ host, userName: '', path: '' });
  chain.push(GLOBAL);
  return chain;
}

const volume = /^.:(?=[\\/])/;

/** Both separators on every system; a root is its own parent, and so is a path without separators. */
export function parentPath(path: string): string {
  const drive = volume.exec(path)?.[0] ?? '';
  let rest = path.slice(drive.length);
  if (rest.length > 1 && /[\\/]$/.test(rest)) rest = rest.slice(0, -1);
  const last = Math.max(rest.lastIndexOf('/'), rest.lastIndexOf('\\'));
  if (last < 0) return path;
  return drive + (last === 0 ? rest[0] : rest.slice(0, last));
}

export function isRootPath(path: string): boolean {
  const drive = volume.exec(path)?.[0] ?? '';
  const rest = path.slice(drive.length);
  return rest === '/' || (drive !== '' && rest === '\\');
}

/** The path of `child` below `parent` with slashes, or undefined when it is not below. */
export function pathBelow(parent: string, child: string): string | undefined {
  const base = parent.replace(/\/$/, '').replace(/\\$/, '');
  if (!child.startsWith(base) || !/^[\\/]/.test(child.slice(base.length))) return undefined;
  const rest = child.slice(base.length + 1);
  if (rest === '') return undefined;
  return volume.test(parent) ? rest.replaceAll('\\', '/') : rest;
}
