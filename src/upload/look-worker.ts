import { RulesReceiver } from '../policy/ignore-copy.ts';
import { CACHE_TAG } from '../policy/ignore.ts';
import type { SyncFiles } from '../ports.ts';
import { compareEntries, isComparable, type CompareOptions, type Comparison } from './directory-look.ts';
import { isLocal, OwnPaths } from './local.ts';
import { decodePlaces, encodeComparisons, type LookAnswer, type LookRequest, type Place } from './look-messages.ts';
import { listNames } from './look.ts';
import { PreviousDirectory } from './previous.ts';
import type { WorkerPort } from './worker.ts';

/** The looking worker's program: compares directories with earlier ones, while the owner walks (look-ahead.ts). */
export function serve(syncFiles: SyncFiles, port: WorkerPort): void {
  const post = (message: LookAnswer, transfer?: ArrayBuffer[]) => port.post(message, transfer);
  const rules = new RulesReceiver();
  let options: CompareOptions | undefined;
  const handle = (request: LookRequest) => {
    if (request.kind === 'start') {
      const { separator, own } = request;
      options = { syncFiles, separator, own: new OwnPaths(own, separator) };
      return;
    }
    rules.add(request.rules);
    const found = decodePlaces(request.batch).map((place) => lookAt(options!, rules, place));
    const { bytes } = request.batch;
    post({ kind: 'looked', found: encodeComparisons(found), bytes }, [bytes]);
  };
  port.onMessage((message) => {
    try {
      handle(message as LookRequest);
    } catch (error) {
      post({ kind: 'failed', message: (error as Error).message });
    }
  });
}

/** Undefined where the owner must look itself: at a directory with rules of its own, a cache's, one that fails. */
function lookAt(options: CompareOptions, known: RulesReceiver, place: Place): Comparison | undefined {
  const { path, relative, device, skipsCaches, objects } = place;
  const rules = known.get(place.rules);
  try {
    const names = listNames(options.syncFiles, path);
    if (skipsCaches && names.includes(CACHE_TAG)) return undefined;
    if (rules.dotIgnoreFiles.some((name) => names.includes(name))) return undefined;
    const previous = PreviousDirectory.of(objects);
    if (!isComparable(names, previous)) return undefined;
    return compareEntries(options, { path, relative, device, rules, names }, previous);
  } catch (error) {
    if (!isLocal(error)) throw error;
    return undefined;
  }
}
