/** The table of sizes that `blob stats` and `content stats` print. */
import type { Json } from '../../bytes/json.ts';

export class Histogram {
  readonly #rows: { limit: number; count: number; total: number }[] = [];
  count = 0;
  total = 0;

  constructor() {
    for (let limit = 10; limit <= 1e8; limit *= 10) this.#rows.push({ limit, count: 0, total: 0 });
  }

  add(size: number): void {
    this.count++;
    this.total += size;
    const row = this.#rows.find(({ limit }) => size < limit);
    if (row === undefined) return;
    row.count++;
    row.total += size;
  }

  get average(): number {
    return this.count === 0 ? 0 : Math.trunc(this.total / this.count);
  }

  /** Rows as `{from, below, count, bytes}`; what is larger than all of them is in the sums only. */
  json(): Json {
    return this.#rows.map(({ limit, count, total }, i) => ({
      from: i === 0 ? 0 : this.#rows[i - 1].limit,
      below: limit,
      count,
      bytes: total,
    }));
  }

  lines(size: (bytes: number) => string): string[] {
    const rows = this.#rows.map(({ limit, count, total }, i) => {
      const from = i === 0 ? 0 : this.#rows[i - 1].limit;
      return `${String(count).padStart(9)} between ${size(from)} and ${size(limit)} (total ${size(total)})`;
    });
    return ['Histogram:', '', ...rows];
  }
}

/** `43.0%`: what compression saved. */
export function compressionPercent(original: number, packed: number): string {
  return `${original === 0 ? '0.0' : ((100 * (original - packed)) / original).toFixed(1)}%`;
}
