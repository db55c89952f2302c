import type { BlobStorage } from '../blob/storage.ts';
import type { ContentInfo } from './types.ts';

/** Bytes of a pack that are read at once, and how many such pieces are kept. */
const PIECE = 1 << 20;
const MOST = 8;
/** Contents of a pack that are read alone before pieces of it are. */
const ALONE = 4;
/** Packs that are counted. */
const PACKS = 4096;

/**
 * Reads packed contents one by one. Packs of metadata (`q`) hold directories in the order of a walk, so once some of a
 * pack were asked for, the piece around the next is read with it: a walk of many directories would else be as many
 * requests. Packs never change.
 */
export class ReadAhead {
  readonly #storage: BlobStorage;
  /** By pack and number of the piece, the oldest first; undefined when it could not be read. */
  readonly #pieces = new Map<string, Promise<Uint8Array | undefined>>();
  readonly #asked = new Map<string, number>();

  constructor(storage: BlobStorage) {
    this.#storage = storage;
  }

  async read({ packBlob, packOffset: offset, packedLength: length }: ContentInfo): Promise<Uint8Array> {
    const number = Math.floor(offset / PIECE);
    const inOnePiece = offset + length <= (number + 1) * PIECE;
    const piece = packBlob.startsWith('q') && inOnePiece ? await this.#piece(packBlob, number) : undefined;
    const at = offset - number * PIECE;
    if (piece === undefined || at + length > piece.length) return this.#storage.get(packBlob, { offset, length });
    return piece.subarray(at, at + length);
  }

  #piece(pack: string, number: number): Promise<Uint8Array | undefined> | undefined {
    const key = `${pack}/${number}`;
    const known = this.#pieces.get(key);
    if (known !== undefined) return known;
    const asked = (this.#asked.get(pack) ?? 0) + 1;
    if (this.#asked.size >= PACKS) this.#asked.clear();
    this.#asked.set(pack, asked);
    if (asked <= ALONE) return undefined;
    const [oldest] = this.#pieces.keys();
    if (this.#pieces.size >= MOST) this.#pieces.delete(oldest);
    const piece = this.#fetch(pack, number * PIECE);
    this.#pieces.set(key, piece);
    return piece;
  }

  /** What fails here is read alone, which tells why. */
  async #fetch(pack: string, offset: number): Promise<Uint8Array | undefined> {
    try {
      const { length } = await this.#storage.stat(pack);
      return await this.#storage.get(pack, { offset, length: Math.min(PIECE, length - offset) });
    } catch {
      return undefined;
    }
  }
}
