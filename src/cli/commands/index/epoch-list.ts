import type { BlobMetadata } from '../../../blob/storage.ts';
import { formatDuration } from '../../../bytes/duration.ts';
import { formatTime } from '../../../bytes/time.ts';
import { epochOf, epochState, type EpochState } from '../../../content/index/epochs.ts';
import { listBlobs } from '../../../content/index/load.ts';
import { CairnError } from '../../../errors.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';

const SECOND = 1_000_000_000n;

/** Index blobs that stand for one epoch, or for several in a row. */
interface EpochSet {
  kind: 'uncompacted' | 'single' | 'range';
  first: number;
  last: number;
  blobs: readonly BlobMetadata[];
}

export async function run(context: Context): Promise<void> {
  const { console, json, jsonIndent, times, size } = context;
  await withRepository(context, async ({ repository: { storage, format } }) => {
    if (!format.parameters.epochParameters.enabled) throw new CairnError('unsupported', 'epoch manager is not active');
    const blobs = await listBlobs(storage, 'x');
    const state = epochState(blobs);
    const current = state.writeEpoch;
    const started = blobs.find(({ id }) => id.startsWith('xe') && epochOf(id) === current)?.timestamp;
    const sets = setsOf(state).map((set) => ({ ...set, ...sumOf(set.blobs) }));
    if (json) {
      const epochs = sets.map(({ kind, first, last, count, bytes, oldest, newest }) => {
        const span = { oldest: formatTime(oldest), newest: formatTime(newest) };
        return { kind, first, last, blobs: count, bytes, ...span };
      });
      const start = started === undefined ? undefined : formatTime(started);
      return console.json({ schema: 1, currentEpoch: current, started: start, epochs }, jsonIndent);
    }
    await console.line(`Current Epoch: ${current}`);
    if (started !== undefined) await console.line(`Epoch Started  ${times.text(started)}`);
    for (const { kind, first, last, count, bytes, oldest, newest } of sets) {
      const span = formatDuration(((newest - oldest + SECOND / 2n) / SECOND) * SECOND);
      const sum = `${count} blobs, ${size(bytes)}`;
      if (kind === 'range') await console.line(`${first}-${last}: range, ${sum}`);
      else if (kind === 'single') await console.line(`${first}: ${times.text(oldest)} single-epoch ${sum}`);
      else await console.line(`${first} ${times.text(oldest)} ... ${times.text(newest)}, ${sum}, span ${span}`);
    }
  });
}

/** From the newest epoch down to those that ranges stand for, then the ranges. */
function setsOf({ writeEpoch, uncompacted, single, ranges }: EpochState): EpochSet[] {
  const sets: EpochSet[] = [];
  const end = (ranges.at(-1)?.max ?? -1) + 1;
  for (let epoch = writeEpoch; epoch >= end; epoch--) {
    const compacted = single.get(epoch);
    // The two newest epochs are read as they were written, compacted or not.
    const written = compacted === undefined || epoch >= writeEpoch - 1 ? uncompacted.get(epoch) : undefined;
    if (written !== undefined) sets.push({ kind: 'uncompacted', first: epoch, last: epoch, blobs: written });
    if (compacted !== undefined) sets.push({ kind: 'single', first: epoch, last: epoch, blobs: compacted });
  }
  return [...sets, ...ranges.map(({ min, max, blobs }): EpochSet => ({ kind: 'range', first: min, last: max, blobs }))];
}

function sumOf(blobs: readonly BlobMetadata[]): { count: number; bytes: number; oldest: bigint; newest: bigint } {
  const stamps = blobs.map(({ timestamp }) => timestamp).toSorted((a, b) => (a < b ? -1 : 1));
  const bytes = blobs.reduce((sum, { length }) => sum + length, 0);
  return { count: blobs.length, bytes, oldest: stamps[0], newest: stamps.at(-1)! };
}
