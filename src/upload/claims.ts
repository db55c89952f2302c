import type { ClaimsShare } from './messages.ts';

/**
 * Contents that this run adds, shared by all threads: open addressing over plain hashes. Whoever claims a hash first
 * seals the content; everyone after refers to it. A full table is followed by a larger one; the old ones stay readable.
 */
const EMPTY = 0;
const WRITING = 1;
const FULL = 2;

export function newClaims(hashSize: number, slots: number): ClaimsShare {
  return {
    hashSize,
    slots,
    states: new Int32Array(new SharedArrayBuffer(slots * 4)),
    hashes: new Uint8Array(new SharedArrayBuffer(slots * hashSize)),
    count: new Int32Array(new SharedArrayBuffer(4)),
  };
}

export class Claims {
  readonly #tables: ClaimsShare[];

  /** Oldest first, at least one. */
  constructor(tables: readonly ClaimsShare[]) {
    this.#tables = [...tables];
  }

  add(table: ClaimsShare): void {
    this.#tables.push(table);
  }

  get newest(): ClaimsShare {
    return this.#tables.at(-1)!;
  }

  /** True for the first caller with this hash. */
  claim(hash: Uint8Array): boolean {
    for (let t = 0; t < this.#tables.length - 1; t++) if (find(this.#tables[t], hash)) return false;
    return insert(this.newest, hash);
  }

  /** True when the newest table is more than half full. */
  get crowded(): boolean {
    return Atomics.load(this.newest.count, 0) * 2 > this.newest.slots;
  }
}

function slotOf(table: ClaimsShare, hash: Uint8Array): number {
  return (hash[0] | (hash[1] << 8) | (hash[2] << 16) | (hash[3] << 24)) & (table.slots - 1);
}

function same(table: ClaimsShare, slot: number, hash: Uint8Array): boolean {
  const at = slot * table.hashSize;
  for (let i = 0; i < table.hashSize; i++) if (table.hashes[at + i] !== hash[i]) return false;
  return true;
}

/** Another thread writes these few bytes right now. */
function settle(table: ClaimsShare, slot: number): number {
  let state = Atomics.load(table.states, slot);
  while (state === WRITING) state = Atomics.load(table.states, slot);
  return state;
}

function find(table: ClaimsShare, hash: Uint8Array): boolean {
  for (let slot = slotOf(table, hash); settle(table, slot) === FULL; slot = (slot + 1) & (table.slots - 1))
    if (same(table, slot, hash)) return true;
  return false;
}

function insert(table: ClaimsShare, hash: Uint8Array): boolean {
  for (let slot = slotOf(table, hash), tried = 0; tried < table.slots; slot = (slot + 1) & (table.slots - 1), tried++) {
    if (Atomics.compareExchange(table.states, slot, EMPTY, WRITING) === EMPTY) {
      table.hashes.set(hash, slot * table.hashSize);
      Atomics.store(table.states, slot, FULL);
      Atomics.add(table.count, 0, 1);
      return true;
    }
    if (settle(table, slot) === FULL && same(table, slot, hash)) return false;
  }
  // a table this full was not replaced in time: a content stored twice costs space, never correctness
  return true;
}
