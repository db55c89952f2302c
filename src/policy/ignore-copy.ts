/** Rules as they go to another thread: each once, named by its number from then on. */
import { enterDirectory, IgnoreContext, type RulesOrigin } from './ignore.ts';

/** Rules as plain data; `parent` is a number given earlier. */
export type SentRules = Omit<RulesOrigin, 'parent'> & { parent: number };

const EMPTY = 0;

/** The sender's side, one for each receiver. */
export class RulesSender {
  readonly #numbers = new WeakMap([[IgnoreContext.empty, EMPTY]]);
  #next = EMPTY + 1;
  #unsent: SentRules[] = [];

  /** The number that the receiver will know these rules by. */
  number(rules: IgnoreContext): number {
    const known = this.#numbers.get(rules);
    if (known !== undefined) return known;
    const { parent, ...rest } = rules.origin!;
    this.#unsent.push({ parent: this.number(parent), ...rest });
    this.#numbers.set(rules, this.#next);
    return this.#next++;
  }

  /** What the receiver must be told before it hears of the numbers given so far. */
  take(): SentRules[] {
    return this.#unsent.splice(0);
  }
}

export class RulesReceiver {
  readonly #rules: IgnoreContext[] = [IgnoreContext.empty];

  add(sent: readonly SentRules[]): void {
    for (const { parent, files, directory, ignoreFiles } of sent)
      this.#rules.push(enterDirectory(this.#rules[parent], files, directory, ignoreFiles));
  }

  get(number: number): IgnoreContext {
    return this.#rules[number];
  }
}
