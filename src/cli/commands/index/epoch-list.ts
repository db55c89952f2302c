import type { BlobMetadata } from '../../../blob/storage.ts';
import { epochState } from '../../../content/index/epochs.ts';
import { listBlobs } from '../../../content/index/load.ts';
import { formatDuration } from '../../../bytes/duration.ts';
import { CairnError } from '../../../errors.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';

export async function run(context: Context): Promise<void> {
  const { console, times, size } = context;
  await withRepository(context, async ({ repository: { storage, format } }) => {
    if (!format.parameters.epochParameters.enabled) throw new CairnError('unsupported', 'epoch manager is not active');
    const state = epochState(await listBlobs(storage, 'x'));
    const summary = (blobs: readonly BlobMetadata[]) => {
      const stamps = blobs.map(({ timestamp }) => timestamp).toSorted((a, b) => (a < b ? -1 : 1));
      const [oldest, newest] = [stamps[0], stamps.at(-1)!];
      const second = 1_000_000_000n;
      const span = formatDuration(((newest - oldest + second / 2n) / second) * second);
      return `${times.text(oldest)} ... ${times.text(newest)}, ${blobs.length} blobs, ${size(blobs.reduce((sum, { length }) => sum + length, 0))}, span ${span}`;
    };
    await console.line(`Current Epoch: ${state.writeEpoch}`);
    for (let epoch = state.writeEpoch; epoch >= 0 && epoch >= state.writeEpoch - 1; epoch--) {
      const blobs = state.uncompacted.get(epoch);
      if (blobs !== undefined) await console.line(`${epoch} ${summary(blobs)}`);
    }
    for (let epoch = state.writeEpoch - 2; epoch >= 0; epoch--) {
      const set = state.single.get(epoch);
      if (set !== undefined)
        await console.line(`${epoch}: ${times.text(set[0].timestamp)}, single-epoch ${summary(set)}`);
      else if (state.uncompacted.has(epoch))
        await console.line(`${epoch}: uncompacted ${summary(state.uncompacted.get(epoch)!)}`);
    }
    for (const { min, max, blobs } of state.ranges) await console.line(`${min}-${max}: range, ${summary(blobs)}`);
  });
}
