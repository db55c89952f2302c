import { CairnError } from '../errors.ts';
import { LocalTarget, type LocalTargetOptions } from '../restore/local.ts';
import { restoreEntry, type RestoreOptions } from '../restore/restore.ts';
import type { RestoreStats } from '../restore/stats.ts';
import { RestoreWorkers } from '../restore/workers.ts';
import type { DirEntry } from '../snapshot/entry.ts';
import { RepositoryReader } from './reader.ts';
import { WriteSession } from './write-session.ts';

/** An open repository. Reading needs nothing else; writing goes through `writeSession()`. */
export class Repository extends RepositoryReader {
  /** Begins writing. Nothing is visible to others before `flush`; `close` flushes. */
  writeSession(): WriteSession {
    if (this.readOnly)
      throw new CairnError('read-only', 'the repository is open read-only', {
        hint: "connect without --readonly, or run 'cairn repository set-client --read-write'",
      });
    return new WriteSession(this);
  }

  /** Restores an entry with everything below it to a local path. Files appear only when they are whole. */
  async restore(
    entry: DirEntry,
    path: string,
    options: LocalTargetOptions & RestoreOptions = {},
  ): Promise<RestoreStats> {
    const { ports } = this.state;
    const { files } = ports;
    if (files === undefined)
      throw new CairnError(
        'unsupported',
        'this runtime gives no access to local files, so nothing can be restored to them',
      );
    const workers = this.restoreWorkers();
    const target = new LocalTarget(files, path, options, { syncWriter: ports.syncWriter, workers });
    try {
      return await restoreEntry(this.objects, entry, target, { ...options, opener: workers });
    } finally {
      workers.close();
    }
  }

  /** Threads that open contents of this repository; to be closed by who asked for them. */
  restoreWorkers(): RestoreWorkers {
    const { ports, format } = this.state;
    return new RestoreWorkers({ ...ports, parameters: format.parameters });
  }
}
