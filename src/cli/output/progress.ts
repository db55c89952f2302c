/**
 * Progress on standard error. What is done is asked for when something is painted; the rate is that of the last 30
 * seconds, and the time left follows from it, so that it neither sticks nor jumps.
 */
import { formatDuration } from '../../bytes/duration.ts';
import { encodeJson, type JsonObject } from '../../bytes/json.ts';
import type { Clock } from '../../ports.ts';
import type { Console } from './console.ts';

export type ProgressFormat = 'line' | 'bar' | 'plain' | 'json' | 'none';

export interface ProgressView {
  /** `2 hashing, 10 hashed (1.2 MB)`. */
  text: string;
  /** Bytes done, and expected when known. */
  done: number;
  total?: number;
  /** Members of the JSON form. */
  json: JsonObject;
}

const WINDOW = 30_000;
const PLAIN_INTERVAL = 10_000;

/** Rate over a sliding window. */
export class Rate {
  #samples: [time: number, done: number][] = [];

  add(time: number, done: number): void {
    this.#samples.push([time, done]);
    while (this.#samples.length > 2 && time - this.#samples[1][0] >= WINDOW) this.#samples.shift();
  }

  /** Per second; 0 when nothing can be said yet. */
  get perSecond(): number {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last[0] <= first[0]) return 0;
    return Math.max(0, ((last[1] - first[1]) * 1000) / (last[0] - first[0]));
  }
}

/** Whole seconds as `1h2m3s`. */
export function secondsText(seconds: number): string {
  return formatDuration(BigInt(Math.max(0, Math.round(seconds))) * 1_000_000_000n);
}

export interface ProgressOptions {
  console: Console;
  clock: Clock;
  format: ProgressFormat;
  /** Milliseconds between repaints of a terminal line. */
  interval: number;
  size: (bytes: number) => string;
  view: () => ProgressView;
}

const spinner = ['|', '/', '-', '\\'];

export class Progress {
  readonly #options: ProgressOptions;
  readonly #rate = new Rate();
  readonly #started: number;
  readonly #stop = new AbortController();
  readonly #loop: Promise<void>;
  #turns = 0;

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#started = options.clock.monotonic();
    this.#rate.add(this.#started, 0);
    this.#loop = options.format === 'none' ? Promise.resolve() : this.#run();
  }

  /** True when somebody follows it, so that a better estimate is worth its price. */
  get isShown(): boolean {
    return ['line', 'bar', 'json'].includes(this.#options.format);
  }

  /** Stops painting; `last` leaves the final state on the terminal. */
  async finish(last = false): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    const { console, format } = this.#options;
    if (format === 'json') this.#paint('summary');
    else if (last && (format === 'line' || format === 'bar')) {
      console.status(this.#text('*'));
      console.raw('');
    } else console.status('');
  }

  async #run(): Promise<void> {
    const { clock, format, interval } = this.#options;
    const wait = format === 'plain' ? PLAIN_INTERVAL : interval;
    while (!this.#stop.signal.aborted) {
      await clock.sleep(wait, this.#stop.signal).catch(() => {});
      if (!this.#stop.signal.aborted) this.#paint('progress');
    }
  }

  #paint(event: 'progress' | 'summary'): void {
    const { console, format } = this.#options;
    if (format === 'json') console.raw(encodeJson({ event, ...this.#numbers(), ...this.#options.view().json }) + '\n');
    else if (format === 'plain') console.info(this.#text(''));
    else console.status(this.#text(spinner[this.#turns++ % spinner.length]));
  }

  #numbers(): { elapsedSeconds: number; bytesPerSecond: number; secondsLeft?: number } {
    const { clock, view } = this.#options;
    const { done, total } = view();
    const now = clock.monotonic();
    this.#rate.add(now, done);
    const rate = this.#rate.perSecond;
    const left = total !== undefined && rate > 0 ? Math.max(0, total - done) / rate : undefined;
    return {
      elapsedSeconds: Math.round((now - this.#started) / 100) / 10,
      bytesPerSecond: Math.round(rate),
      ...(left === undefined ? {} : { secondsLeft: Math.round(left) }),
    };
  }

  #text(sign: string): string {
    const { format, size, view } = this.#options;
    const { bytesPerSecond, secondsLeft } = this.#numbers();
    const { text, done, total } = view();
    const fraction = total === undefined || total === 0 ? undefined : Math.min(1, done / total);
    const percent = fraction === undefined ? '' : ` (${(fraction * 100).toFixed(1)}%)`;
    const left = secondsLeft === undefined ? '' : ` ${secondsText(secondsLeft)} left`;
    if (format === 'line')
      return ` ${sign} ${text}${total === undefined ? ', estimating...' : `, estimated ${size(total)}${percent}${left}`}`;
    const rate = bytesPerSecond === 0 ? '' : ` ${size(bytesPerSecond)}/s`;
    if (format === 'plain') return `${text}${total === undefined ? '' : ` of ${size(total)}${percent}`}${rate}${left}`;
    const width = 20;
    const full = fraction === undefined ? 0 : Math.floor(fraction * width);
    const bar = fraction === undefined ? ` ${sign}` : ` [${'#'.repeat(full)}${'-'.repeat(width - full)}]${percent}`;
    return `${bar}${rate}${left}  ${text}`;
  }
}
