import type { Clock } from '../../src/ports.ts';

/** A clock that stands still but for sleeping, which takes no real time; `slept` lists the milliseconds. */
export class TestClock implements Clock {
  readonly slept: number[] = [];
  #milliseconds = 0;

  advance(milliseconds: number): void {
    this.#milliseconds += milliseconds;
  }

  now(): bigint {
    return 1_780_000_000_000_000_000n + BigInt(Math.round(this.#milliseconds * 1e6));
  }

  monotonic(): number {
    return this.#milliseconds;
  }

  async sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.slept.push(milliseconds);
    this.advance(milliseconds);
  }

  turn(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, 0));
  }
}
