import { hexDigit } from '../bytes/hex.ts';

const WORDS = 4;

/**
 * A set of object or content IDs in 16 bytes a slot: the first 128 bits of the hash, with the prefix mixed in. Big
 * trees have millions of objects, for which a set of strings takes several times as much.
 */
export class ObjectSet {
  #slots = new Uint32Array(WORDS << 10);
  #count = 0;
  /** IDs that are not an ordinary hash. */
  readonly #others = new Set<string>();
  readonly #key = new Uint32Array(WORDS);

  get size(): number {
    return this.#count + this.#others.size;
  }

  /** True when the ID was not yet in the set. */
  add(id: string): boolean {
    if (!this.#read(id)) {
      const before = this.#others.size;
      return this.#others.add(id).size > before;
    }
    const at = find(this.#slots, this.#key);
    if (at < 0) return false;
    this.#slots.set(this.#key, at);
    if (++this.#count * 2 * WORDS > this.#slots.length) this.#grow();
    return true;
  }

  has(id: string): boolean {
    return this.#read(id) ? find(this.#slots, this.#key) < 0 : this.#others.has(id);
  }

  #grow(): void {
    const old = this.#slots;
    const slots = new Uint32Array(old.length * 2);
    for (let at = 0; at < old.length; at += WORDS) {
      const key = old.subarray(at, at + WORDS);
      if (isUsed(old, at)) slots.set(key, find(slots, key));
    }
    this.#slots = slots;
  }

  /** Reads the ID into the key; false when it does not have at least 128 bits of hash. */
  #read(id: string): boolean {
    let at = 0;
    let mixed = 0;
    while (at < id.length && hexDigit(id.charCodeAt(at)) < 0) mixed = Math.imul(mixed, 31) + id.charCodeAt(at++);
    if (id.length < at + 32) return false;
    const key = this.#key;
    for (let word = 0; word < WORDS; word++) {
      let value = 0;
      for (let i = 0; i < 8; i++) {
        const digit = hexDigit(id.charCodeAt(at++));
        if (digit < 0) return false;
        value = (value << 4) | digit;
      }
      key[word] = value;
    }
    key[WORDS - 1] ^= mixed;
    return isUsed(key, 0);
  }
}

function isUsed(words: Uint32Array, at: number): boolean {
  return (words[at] | words[at + 1] | words[at + 2] | words[at + 3]) !== 0;
}

/** Where the key belongs in the table; -1 when it is there. */
function find(slots: Uint32Array, key: Uint32Array): number {
  const mask = slots.length - 1;
  for (let at = (key[0] * WORDS) & mask; ; at = (at + WORDS) & mask) {
    if (!isUsed(slots, at)) return at;
    if (slots[at] === key[0] && slots[at + 1] === key[1] && slots[at + 2] === key[2] && slots[at + 3] === key[3])
      return -1;
  }
}
