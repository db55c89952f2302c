/** The kinds of change that the flags of `policy set` make; each says what it did in Kopia's words. */
import { compareNames } from '../bytes/name.ts';
import { formatSize } from '../bytes/size.ts';
import { CairnError } from '../errors.ts';
import type { FlagName, ListFlag, PolicyFlags, TextFlag } from './flags.ts';
import type { Large } from './policy.ts';
import { quoteText } from './quote.ts';

const MAX_INT32 = 2n ** 31n - 1n;
const MAX_INT64 = 2n ** 63n - 1n;
const truths: Record<string, boolean> = { true: true, t: true, '1': true, false: false, f: false, '0': false };

/** A name that users of other programs give to a compressor. */
const aliases: Record<string, string> = { snappy: 's2-default' };

export class Editor {
  readonly flags: PolicyFlags;
  /** What was done, a line each. */
  readonly lines: string[] = [];
  changes = 0;

  constructor(flags: PolicyFlags) {
    this.flags = flags;
  }

  /** Counts a change and notes its line. */
  did(line: string): void {
    this.changes++;
    this.lines.push(` - ${line}`);
  }

  refuse(flag: FlagName, problem: string, hint?: string): CairnError {
    return new CairnError('invalid-argument', `--${flag}: ${problem}`, { data: { flag: `--${flag}` }, hint });
  }

  /** A whole number from `low` up, below 2^31. */
  count<K extends string>(flag: TextFlag, object: { [P in K]?: number }, key: K, what: string, high?: number): void {
    const text = this.given(flag, object, key, what);
    if (text === undefined) return;
    object[key] = Number(this.whole(flag, text, BigInt(high ?? MAX_INT32)));
    this.did(`setting ${quoteText(what)} to ${object[key]}.`);
  }

  /** A number of bytes. */
  bytes<K extends string>(flag: TextFlag, object: { [P in K]?: Large }, key: K, what: string): void {
    const text = this.given(flag, object, key, what);
    if (text === undefined) return;
    object[key] = smallest(this.whole(flag, text, MAX_INT64));
    this.did(`setting ${quoteText(what)} to ${object[key]}.`);
  }

  /** A number of MiB, kept in bytes; 0 would divide by zero in Kopia. */
  mebibytes<K extends string>(flag: TextFlag, object: { [P in K]?: Large }, key: K, what: string): void {
    const text = this.given(flag, object, key, what);
    if (text === undefined) return;
    const mebibytes = this.whole(flag, text, MAX_INT32);
    if (mebibytes === 0n) throw this.refuse(flag, 'must be 1 or more', "give 'inherit' to take it from above");
    object[key] = smallest(mebibytes << 20n);
    this.did(`setting ${quoteText(what)} to ${formatSize(object[key]!)}.`);
  }

  truth<K extends string>(flag: TextFlag, object: { [P in K]?: boolean }, key: K, what: string): void {
    const text = this.given(flag, object, key, what)?.toLowerCase();
    if (text === undefined) return;
    if (!Object.hasOwn(truths, text)) throw this.refuse(flag, `must be true, false or inherit, not ${quoteText(text)}`);
    object[key] = truths[text];
    this.did(`setting ${quoteText(what)} to ${truths[text]}.`);
  }

  /** One of a list of names, in any letter case. */
  choice(flag: TextFlag, text: string, names: readonly string[]): string {
    const lower = text.toLowerCase();
    const name = names.find((known) => known.toLowerCase() === (aliases[lower] ?? lower));
    if (name === undefined) throw this.refuse(flag, `must be one of ${names.join(', ')}, not ${quoteText(text)}`);
    return name;
  }

  /** A name that replaces the one from above. */
  name<K extends string>(
    flag: TextFlag,
    object: { [P in K]?: string },
    key: K,
    what: string,
    names: readonly string[],
  ): void {
    const text = this.flags[flag];
    if (text === undefined || text === '') return;
    if (isInherit(text)) {
      delete object[key];
      this.did(`resetting ${what} to default value inherited from parent`);
    } else {
      object[key] = this.choice(flag, text, names);
      this.did(`setting ${what} to ${object[key]}`);
    }
  }

  /**
   * Clears, then adds, then removes. Lists are sorted, each text once; but one with rules that take back others (`!`)
   * keeps its order, for it would change its meaning (Kopia sorts it all the same).
   */
  list<K extends string>(
    object: { [P in K]?: string[] },
    key: K,
    what: string,
    flags: { add: ListFlag; remove: ListFlag; clear: FlagName; check: (text: string) => void },
  ): void {
    const add = (this.flags[flags.add] ?? []) as readonly string[];
    const remove = (this.flags[flags.remove] ?? []) as readonly string[];
    const clear = this.flags[flags.clear] === true;
    if (!clear && add.length === 0 && remove.length === 0) return;
    const list = new Set(clear ? [] : object[key]);
    if (clear) this.did(`removing all from ${quoteText(what)}`);
    for (const text of add) {
      if (text === '') throw this.refuse(flags.add, 'must not be empty');
      try {
        flags.check(text);
      } catch (error) {
        if (!(error instanceof CairnError)) throw error;
        throw this.refuse(flags.add, error.message);
      }
      list.add(text);
      this.did(`adding ${quoteText(text)} to ${quoteText(what)}`);
    }
    for (const text of remove) {
      list.delete(text);
      this.did(`removing ${quoteText(text)} from ${quoteText(what)}`);
    }
    const texts = [...list];
    object[key] = texts.some((text) => text.startsWith('!')) ? texts : texts.toSorted(compareNames);
    if (texts.length === 0) delete object[key];
  }

  /** The text to set; undefined when there is none, or when it was `inherit`, which is done here. */
  given<K extends string>(flag: TextFlag, object: { [P in K]?: unknown }, key: K, what: string): string | undefined {
    const text = this.flags[flag];
    if (text === undefined || text === '') return undefined;
    if (!isInherit(text)) return text;
    delete object[key];
    this.did(`resetting ${quoteText(what)} to a default value inherited from parent.`);
    return undefined;
  }

  private whole(flag: TextFlag, text: string, high: bigint): bigint {
    const value = /^\+?\d{1,19}$/.test(text) ? BigInt(text) : -1n;
    if (value >= 0n && value <= high) return value;
    throw this.refuse(flag, `must be a whole number from 0 to ${high} or 'inherit', not ${quoteText(text)}`);
  }
}

export function isInherit(text: string): boolean {
  return text === 'inherit' || text === 'default';
}

function smallest(value: bigint): Large {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}
