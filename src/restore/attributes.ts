import { fileError, systemCode } from '../errors.ts';
import type { Files, FileStat } from '../ports.ts';
import type { TargetCounters } from './target.ts';

/** What to set; undefined leaves it as it is. */
export interface Attributes {
  mode?: number;
  owner?: { uid: number; gid: number };
  /** Nanoseconds since 1970. */
  mtime?: bigint;
}

const PERMISSION = new Set(['EPERM', 'EACCES', 'EROFS', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);
const SET_ID = 0o6000;

/**
 * Sets owner, mode and time of what is at a path, owner and mode only where they differ, in the order that keeps them: a change of
 * owner clears setuid, and a time goes last. With `tolerant`, what the system does not permit is counted instead. Where
 * the owner is not the one the mode was made for, setuid and setgid are left out (as POSIX asks of `cp -p`): the file would run as
 * somebody it was not made for.
 */
export async function setAttributes(
  files: Files,
  path: string,
  current: FileStat,
  wanted: Attributes,
  modeOwner: { uid: number; gid: number },
  tolerant: boolean,
  counters: TargetCounters,
): Promise<void> {
  const attempt = async (what: string, change: () => Promise<void>): Promise<boolean> => {
    try {
      await change();
      return true;
    } catch (error) {
      if (!tolerant || !PERMISSION.has(systemCode(error) ?? ''))
        throw fileError(error, `cannot set the ${what} of`, path);
      counters.permissionErrors++;
      return false;
    }
  };
  let { uid, gid, mode } = current;
  const { owner } = wanted;
  if (owner !== undefined && (owner.uid !== uid || owner.gid !== gid)) {
    if (await attempt('owner', () => files.chown(path, owner.uid, owner.gid))) {
      ({ uid, gid } = owner);
      mode &= ~SET_ID;
    }
  }
  if (wanted.mode !== undefined && current.kind !== 'symlink') {
    const sameOwner = uid === modeOwner.uid && gid === modeOwner.gid;
    const bits = sameOwner ? wanted.mode : wanted.mode & ~SET_ID;
    if (bits !== mode) await attempt('mode', () => files.chmod(path, bits));
  }
  const { mtime } = wanted;
  if (mtime !== undefined) await attempt('time', () => files.setTimes(path, mtime, current.kind !== 'symlink'));
}
