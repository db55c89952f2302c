/** The one error type of Cairn. Beside ports.ts at the bottom of the tree: every layer may import it. */

export type ErrorCode =
  | 'usage'
  | 'invalid-argument'
  | 'no-repository'
  | 'not-a-repository'
  | 'already-initialized'
  | 'wrong-password'
  | 'unknown-algorithm'
  | 'unsupported'
  | 'unsupported-version'
  | 'unsupported-feature'
  | 'upgrade-in-progress'
  | 'corrupt'
  | 'authentication-failed'
  | 'blob-not-found'
  | 'blob-exists'
  | 'invalid-range'
  | 'invalid-credentials'
  | 'content-not-found'
  | 'manifest-not-found'
  | 'entry-not-found'
  | 'snapshot-not-found'
  | 'read-only'
  | 'no-space'
  | 'permission'
  | 'file-not-found'
  | 'file-exists'
  | 'not-a-directory'
  | 'is-a-directory'
  | 'io'
  | 'unreachable'
  | 'not-owner'
  | 'locked'
  | 'verification-failed'
  | 'partial'
  | 'canceled'
  | 'internal';

export interface ErrorDetails {
  /** Facts for programs; never a key, password or token. */
  data?: Record<string, unknown>;
  cause?: unknown;
  /** What to do next, as a sentence for people. */
  hint?: string;
}

export class CairnError extends Error {
  override readonly name = 'CairnError';
  readonly code: ErrorCode;
  readonly data: Record<string, unknown>;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.data = details.data ?? {};
    this.hint = details.hint;
  }

  /** What `--json` prints on failure. */
  toJSON(): { code: ErrorCode; message: string; hint?: string; data?: Record<string, unknown>; causes: string[] } {
    const causes: string[] = [];
    for (let at: unknown = this.cause; at instanceof Error && causes.length < 8; at = at.cause) causes.push(at.message);
    return {
      code: this.code,
      message: this.message,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(Object.keys(this.data).length === 0 ? {} : { data: this.data }),
      causes,
    };
  }
}

export function isCairnError(error: unknown, code?: ErrorCode): error is CairnError {
  return error instanceof CairnError && (code === undefined || error.code === code);
}

/** The system's name of a file error (`ENOENT`, ...), if it has one. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}

const bySystemCode: Record<string, [ErrorCode, string, string?]> = {
  ENOENT: ['file-not-found', 'no such file or directory'],
  EEXIST: ['file-exists', 'already exists'],
  EACCES: ['permission', 'permission denied', 'check who owns it and its mode, or run as a user who may'],
  EPERM: ['permission', 'operation not permitted', 'check who owns it and its mode, or run as a user who may'],
  EROFS: ['read-only', 'the file system is read-only'],
  ENOSPC: ['no-space', 'no space left on the device', 'free some space there, then run the command again'],
  EDQUOT: ['no-space', 'the disk quota is used up', 'free some space there, then run the command again'],
  ENOTDIR: ['not-a-directory', 'not a directory'],
  EISDIR: ['is-a-directory', 'is a directory'],
  ENOTEMPTY: ['file-exists', 'the directory is not empty'],
};

/** Turns a file port's error into a CairnError: `<what> <path>: <reason>`. */
export function fileError(error: unknown, what: string, path: string): CairnError {
  if (error instanceof CairnError) return error;
  const name = systemCode(error);
  const known = name === undefined ? undefined : bySystemCode[name];
  const reason = known?.[1] ?? (error instanceof Error ? error.message : String(error));
  return new CairnError(known?.[0] ?? 'io', `${what} ${path}: ${reason}`, {
    cause: error,
    data: name === undefined ? { path } : { path, system: name },
    hint: known?.[2],
  });
}
