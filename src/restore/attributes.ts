import { fileError, systemCode } from '../errors.ts';
import type { Files, FileStat, SyncWriter } from '../ports.ts';
import type { TargetCounters } from './target.ts';

/** What to set; undefined leaves it as it is. */
export interface Attributes {
  mode?: number;
  owner?: Owner;
  /** Nanoseconds since 1970. */
  mtime?: bigint;
}

export interface Owner {
  uid: number;
  gid: number;
}

type Change =
  | { what: 'owner'; uid: number; gid: number }
  | { what: 'mode'; mode: number }
  | { what: 'time'; mtime: bigint };

const PERMISSION = new Set(['EPERM', 'EACCES', 'EROFS', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);
const SET_ID = 0o6000;

/**
 * The changes that give something its owner, mode and time, owner and mode only where they differ, in the order that
 * keeps them: a change of owner clears setuid, and a time goes last. Each is answered by whether it was made. Where the
 * owner is not the one the mode was made for, setuid and setgid are left out (as POSIX asks of `cp -p`): the file would
 * run as somebody it was not made for.
 */
function* changes(current: FileStat, wanted: Attributes, modeOwner: Owner): Generator<Change, void, boolean> {
  let { uid, gid, mode } = current;
  const { owner, mtime } = wanted;
  if (owner !== undefined && (owner.uid !== uid || owner.gid !== gid)) {
    if (yield { what: 'owner', uid: owner.uid, gid: owner.gid }) {
      ({ uid, gid } = owner);
      mode &= ~SET_ID;
    }
  }
  if (wanted.mode !== undefined && current.kind !== 'symlink') {
    const sameOwner = uid === modeOwner.uid && gid === modeOwner.gid;
    const bits = sameOwner ? wanted.mode : wanted.mode & ~SET_ID;
    if (bits !== mode) yield { what: 'mode', mode: bits };
  }
  if (mtime !== undefined) yield { what: 'time', mtime };
}

function isNotPermitted(error: unknown): boolean {
  return PERMISSION.has(systemCode(error) ?? '');
}

/** Sets attributes of what is at a path. With `tolerant`, what the system does not permit is counted instead. */
export async function setAttributes(
  files: Files,
  path: string,
  current: FileStat,
  wanted: Attributes,
  modeOwner: Owner,
  tolerant: boolean,
  counters: TargetCounters,
): Promise<void> {
  const make = (change: Change) => {
    if (change.what === 'owner') return files.chown(path, change.uid, change.gid);
    if (change.what === 'mode') return files.chmod(path, change.mode);
    return files.setTimes(path, change.mtime, current.kind !== 'symlink');
  };
  const steps = changes(current, wanted, modeOwner);
  for (let step = steps.next(); !step.done;) {
    let made = true;
    try {
      await make(step.value);
    } catch (error) {
      if (!tolerant || !isNotPermitted(error)) throw fileError(error, `cannot set the ${step.value.what} of`, path);
      counters.permissionErrors++;
      made = false;
    }
    step = steps.next(made);
  }
}

/** The same for an open file; gives how many changes were not permitted. Throws the system's error. */
export function setHandleAttributes(
  files: SyncWriter,
  handle: number,
  wanted: Attributes,
  modeOwner: Owner,
  tolerant: boolean,
): number {
  let refused = 0;
  const steps = changes(files.stat(handle), wanted, modeOwner);
  for (let step = steps.next(); !step.done;) {
    const change = step.value;
    let made = true;
    try {
      if (change.what === 'owner') files.chown(handle, change.uid, change.gid);
      else if (change.what === 'mode') files.chmod(handle, change.mode);
      else files.setTimes(handle, change.mtime);
    } catch (error) {
      if (!tolerant || !isNotPermitted(error)) throw error;
      refused++;
      made = false;
    }
    step = steps.next(made);
  }
  return refused;
}
