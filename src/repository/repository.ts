import { CairnError } from '../errors.ts';
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
}
