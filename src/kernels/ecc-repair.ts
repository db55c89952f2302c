import { addScaled, invert } from './ecc-field.ts';
import type { EccTables } from './ecc-engine.ts';

/**
 * Rebuilds the data shards `missing` of one block in place. They are zero in `block`; `computed` are the parity shards
 * of the block as it is, `stored` those that were stored, of which `good` are to be trusted: at least as many as are
 * missing.
 *
 * Their difference is what the missing shards add to each parity row: as many equations as there are unknowns.
 */
export function rebuild(
  block: Uint8Array,
  missing: readonly number[],
  computed: Uint8Array,
  stored: readonly Uint8Array[],
  good: readonly number[],
  code: EccTables,
  shard: number,
): void {
  const used = good.slice(0, missing.length);
  const solution = invert(used.map((row) => Uint8Array.from(missing, (column) => code.rows[row][column])));
  used.forEach((row, equation) => {
    const difference = stored[row].slice();
    addScaled(difference, computed.subarray(row * shard, (row + 1) * shard), 1);
    missing.forEach((column, unknown) => {
      const out = block.subarray(column * shard, (column + 1) * shard);
      addScaled(out, difference, solution[unknown][equation]);
    });
  });
}
