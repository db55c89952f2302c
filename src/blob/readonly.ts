import { CairnError } from '../errors.ts';
import { StorageWrapper, type StorageCall } from './wrapper.ts';

const writing = new Set(['put', 'begin', 'delete', 'extendRetention']);

/** Refuses every call that would change something, with `read-only`. */
export class ReadOnlyStorage extends StorageWrapper {
  override get readOnly(): boolean {
    return true;
  }

  protected override async around<T>(call: StorageCall, run: () => Promise<T>): Promise<T> {
    if (!writing.has(call.method)) return run();
    throw new CairnError('read-only', `cannot ${call.method} blob ${call.id}: the storage is read-only`, {
      data: { id: call.id },
      hint: 'the repository was opened or connected read-only; connect it again without that',
    });
  }
}
