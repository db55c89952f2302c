/** Called once, with a result or with why there is none. A promise for each small file would cost as much as the file. */
export type Done<T> = (result: T | undefined, error: unknown) => void;

/** What calls back, as a promise. */
export function promised<T>(start: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) =>
    start((result, error) => (result === undefined ? reject(error as Error) : resolve(result))),
  );
}

/** A promise as what calls back. */
export function settle<T>(promise: Promise<T>, done: Done<T>): void {
  promise.then(
    (result) => done(result, undefined),
    (error: unknown) => done(undefined, error),
  );
}

/** Counts work under way; whoever waits for its end learns of the first error. */
export class Running {
  #count = 0;
  #waiting: (() => void)[] = [];
  #failure: { error: unknown } | undefined;

  begin(): void {
    this.#count++;
  }

  end(): void {
    if (--this.#count > 0) return;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  async ended(): Promise<void> {
    while (this.#count > 0) await new Promise<void>((wake) => this.#waiting.push(wake));
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
