import type { Clock } from '../ports.ts';

/**
 * Paces a flow: holds up to a minute's worth of tokens, a tenth of that at first, and refills evenly. It may go into
 * debt, which whoever takes last waits off.
 */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;
  /** Tokens a second; 0 is no limit. */
  #rate = 0;
  #tokens = 0;
  #filled = 0;

  constructor(clock: Clock, signal?: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
  }

  setRate(rate = 0): void {
    this.#refill();
    const tokens = this.#rate === 0 ? rate * 6 : this.#tokens;
    this.#rate = rate;
    this.#tokens = Math.min(tokens, rate * 60);
  }

  async take(count: number): Promise<void> {
    this.charge(count);
    if (this.#rate > 0 && this.#tokens < 0) await this.#clock.sleep((-this.#tokens / this.#rate) * 1000, this.#signal);
  }

  /** Takes without waiting; the next one pays. */
  charge(count: number): void {
    if (this.#rate === 0) return;
    this.#refill();
    this.#tokens -= count;
  }

  #refill(): void {
    const now = this.#clock.monotonic();
    this.#tokens = Math.min(this.#tokens + ((now - this.#filled) / 1000) * this.#rate, this.#rate * 60);
    this.#filled = now;
  }
}

/** Lets a number of tasks run at once; the others wait in order. */
export class Semaphore {
  #limit = Infinity;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /** 0 is no limit. */
  setLimit(limit = 0): void {
    this.#limit = limit === 0 ? Infinity : limit;
    this.#admit();
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#limit) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running++;
    try {
      return await task();
    } finally {
      this.#running--;
      this.#admit();
    }
  }

  #admit(): void {
    while (this.#running < this.#limit && this.#waiting.length > 0) {
      this.#running++;
      this.#waiting.shift()!();
    }
  }
}
