import { CairnError } from '../errors.ts';
import { objectContentIds, objectPieces, openObject, type ObjectContents } from '../object/open.ts';
import { parseObjectId } from '../object/id.ts';
import type { DirEntry } from './entry.ts';
import { ObjectSet } from './object-set.ts';
import { isCheckpointed } from './verify.ts';
import { asError } from './walk.ts';

export interface FileCheckOptions {
  /** Length of each pack blob in storage; without it packs are not looked at, as over a server. */
  packs?: { get(blob: string): number | undefined };
  /** Percent of files to read in full. */
  filesPercent?: number;
  random?: () => number;
}

/** Tells what is wrong with files, by the rules of verification; each distinct object is looked at once. */
export class FileCheck {
  readonly #contents: ObjectContents;
  readonly #options: FileCheckOptions;
  readonly #sound = new ObjectSet();
  readonly #damaged = new Map<string, Error>();

  constructor(contents: ObjectContents, options: FileCheckOptions) {
    this.#contents = contents;
    this.#options = options;
  }

  async problem(entry: DirEntry): Promise<Error | undefined> {
    const { objectId } = entry;
    if (this.#sound.has(objectId)) return undefined;
    const known = this.#damaged.get(objectId);
    if (known !== undefined) return known;
    try {
      await this.#check(entry);
      this.#sound.add(objectId);
      return undefined;
    } catch (error) {
      this.#damaged.set(objectId, asError(error));
      return asError(error);
    }
  }

  async #check(entry: DirEntry): Promise<void> {
    const { objectId } = entry;
    for await (const id of objectContentIds(this.#contents, objectId)) this.#checkContent(id);
    const { filesPercent = 0, random = Math.random } = this.#options;
    const read = filesPercent > 0 && random() * 100 < filesPercent;
    // the length of an object compressed as a whole is only known by reading it
    if (!read && parseObjectId(objectId).compressed) return;
    const pieces = await objectPieces(this.#contents, objectId);
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (length !== entry.size && !isCheckpointed(entry))
      throw new CairnError('corrupt', `object ${objectId} has ${length} bytes, its entry says ${entry.size}`);
    if (read) for await (const chunk of (await openObject(this.#contents, objectId)).chunks()) void chunk;
  }

  #checkContent(id: string): void {
    const info = this.#contents.info(id);
    if (info === undefined) throw new CairnError('content-not-found', `content ${id} is in no index`);
    if (this.#options.packs === undefined) return;
    const length = this.#options.packs.get(info.packBlob);
    if (length === undefined)
      throw new CairnError('blob-not-found', `content ${id} lies in ${info.packBlob}, which is missing`);
    if (info.packOffset + info.packedLength > length)
      throw new CairnError('corrupt', `content ${id} lies in ${info.packBlob}, which was cut to ${length} bytes`);
  }
}
