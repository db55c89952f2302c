/** Applies `work` to all items, at most `limit` at a time, results in order. The first error stops what has not begun. */
export async function mapLimit<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, at: number) => R | Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  results.length = items.length;
  let next = 0;
  let failed = false;
  const lane = async () => {
    while (next < items.length && !failed) {
      const at = next++;
      try {
        const result = work(items[at], at);
        results[at] = result instanceof Promise ? await result : result;
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
  return results;
}

/** Admits work by its size: `acquire` waits while more than `capacity` would be in flight, but one piece always passes. */
export class Budget {
  readonly capacity: number;
  #used = 0;
  readonly #waiting: { size: number; admit: () => void }[] = [];

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get used(): number {
    return this.#used;
  }

  acquire(size: number): Promise<void> | undefined {
    if (this.#waiting.length === 0 && (this.#used === 0 || this.#used + size <= this.capacity)) {
      this.#used += size;
      return undefined;
    }
    return new Promise((admit) => this.#waiting.push({ size, admit }));
  }

  release(size: number): void {
    this.#used -= size;
    while (this.#waiting.length > 0 && (this.#used === 0 || this.#used + this.#waiting[0].size <= this.capacity)) {
      const { size: next, admit } = this.#waiting.shift()!;
      this.#used += next;
      admit();
    }
  }
}
