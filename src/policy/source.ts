/** Sources and policy targets: who, where, what (spec/snapshots-and-policies.md section 1). */
import { compareNames } from '../bytes/name.ts';
import { CairnError } from '../errors.ts';

/** Empty members widen a policy target: no path = the user, no user = the host, no host = global. */
export interface SourceInfo {
  readonly host: string;
  readonly userName: string;
  readonly path: string;
}

export const GLOBAL: SourceInfo = Object.freeze({ host: '', userName: '', path: '' });

/** Whose source a bare path is, and what a relative one is relative to. */
export interface SourceContext {
  host: string;
  userName: string;
  currentDirectory: string;
  separator?: '/' | '\\';
}

export function formatSource({ host, userName, path }: SourceInfo): string {
  if (host === '' && userName === '' && path === '') return '(global)';
  return path === '' ? `${userName}@${host}` : `${userName}@${host}:${path}`;
}

export function sameSource(a: SourceInfo, b: SourceInfo): boolean {
  return a.host === b.host && a.userName === b.userName && a.path === b.path;
}

/** Order of the texts by their bytes, as Kopia lists sources and policies. */
export function compareSources(a: SourceInfo, b: SourceInfo): number {
  return compareNames(formatSource(a), formatSource(b));
}

/** Parses `(global)`, `user@host:path`, `user@host`, `@host` or else a local path; an empty host is refused. */
export function parseSource(text: string, context: SourceContext): SourceInfo {
  if (text === '(global)') return GLOBAL;
  const at = text.indexOf('@');
  const colon = text.indexOf(':');
  if (at > 0 && colon > at) {
    return { host: text.slice(at + 1, colon), userName: text.slice(0, at), path: text.slice(colon + 1) };
  }
  if (at >= 0 && colon < 0) {
    if (at + 1 < text.length) return { host: text.slice(at + 1), userName: text.slice(0, at), path: '' };
    throw new CairnError('invalid-argument', `invalid hostname in "${text}"`, { data: { source: text } });
  }
  return localSource(text, context);
}

/** A local path made absolute and clean, under the context's own user and host. */
export function localSource(path: string, context: SourceContext): SourceInfo {
  return { host: context.host, userName: context.userName, path: absolutePath(path, context) };
}

function absolutePath(path: string, { currentDirectory, separator = '/' }: SourceContext): string {
  if (separator === '/') return cleanPath(path.startsWith('/') ? path : `${currentDirectory}/${path}`, '/');
  const volume = windowsVolume(path);
  const rest = path.slice(volume.length);
  if (!/^[\\/]/.test(rest)) return cleanPath(`${currentDirectory}\\${rest}`, '\\');
  return cleanPath(volume === '' ? windowsVolume(currentDirectory) + rest : path, '\\');
}

/** `C:` or `\\server\share`, else empty. */
function windowsVolume(path: string): string {
  return /^(?:[A-Za-z]:|[\\/]{2}[^\\/]+[\\/][^\\/]+)/.exec(path)?.[0] ?? '';
}

/** An absolute path without `.`, `..` and doubled or final separators. */
function cleanPath(path: string, separator: '/' | '\\'): string {
  const volume = separator === '/' ? '' : windowsVolume(path);
  const kept: string[] = [];
  for (const part of path.slice(volume.length).split(separator === '/' ? '/' : /[\\/]/)) {
    if (part === '..') kept.pop();
    else if (part !== '' && part !== '.') kept.push(part);
  }
  return (separator === '/' ? volume : volume.replaceAll('/', '\\')) + separator + kept.join(separator);
}

export type SourceLabels = Record<string, string>;

/** What finds the snapshots of a source; empty members are left out, so that `@host` finds those of all its users. */
export function snapshotLabels({ host, userName, path }: SourceInfo): SourceLabels {
  return {
    type: 'snapshot',
    ...(host === '' ? {} : { hostname: host }),
    ...(userName === '' ? {} : { username: userName }),
    ...(path === '' ? {} : { path }),
  };
}

/** The labels of the one policy of a target (section 4.1). */
export function policyLabels({ host, userName, path }: SourceInfo): SourceLabels {
  if (path !== '') return { type: 'policy', policyType: 'path', username: userName, hostname: host, path };
  if (userName !== '') return { type: 'policy', policyType: 'user', username: userName, hostname: host };
  if (host !== '') return { type: 'policy', policyType: 'host', hostname: host };
  return { type: 'policy', policyType: 'global' };
}

export function sourceFromLabels(labels: Readonly<Record<string, string>>): SourceInfo {
  return { host: labels.hostname ?? '', userName: labels.username ?? '', path: labels.path ?? '' };
}
