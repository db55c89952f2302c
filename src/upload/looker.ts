import type { ObjectContents } from '../object/open.ts';
import type { Clock, Spawn, SyncFiles } from '../ports.ts';
import type { DirEntry } from '../snapshot/entry.ts';
import type { Branch } from './branch.ts';
import type { DirectoryLook } from './directory-look.ts';
import { OwnPaths } from './local.ts';
import { lookAt } from './look.ts';
import { LookAhead } from './look-ahead.ts';

export interface LookerOptions {
  syncFiles: SyncFiles;
  separator: string;
  clock: Clock;
  own?: Iterable<string>;
  spawn?: Spawn;
  /** Threads that compare directories with the earlier snapshot. */
  lookThreads?: number;
  forceHash?: number;
  log?: object;
  actions?: object;
}

export interface Looker {
  readonly own: OwnPaths;
  look(branch: Branch): Promise<DirectoryLook>;
  close(): Promise<void>;
}

/** Entries of the earlier snapshot from which threads help: they take a while to start. */
const MUCH = 8192;

/** How a walk looks at directories: one by one, or ahead and in threads where there is much to compare. */
export function createLooker(
  { syncFiles, separator, clock, own: paths, spawn, lookThreads: threads = 0, forceHash, log, actions }: LookerOptions,
  contents: ObjectContents,
  previous: readonly DirEntry[],
): Looker {
  const own = new OwnPaths(paths ?? [], separator);
  const compares = (forceHash ?? 0) === 0 && log === undefined;
  const options = { syncFiles, separator, own, contents, compares };
  const isMuch = previous.some(({ summary }) => summary !== undefined && summary.files + summary.dirs >= MUCH);
  // an action may change what is there before the walk comes to it
  if (!isMuch || threads === 0 || spawn === undefined || !compares || actions !== undefined)
    return { own, look: (branch) => lookAt(options, branch), close: async () => {} };
  const ahead = new LookAhead({ ...options, clock, spawn, threads });
  return { own, look: (branch) => ahead.take(branch), close: () => ahead.close() };
}
