import { createHash } from 'node:crypto';
import type { ContentInfo, ContentWriter } from '../../src/content/types.ts';
import { CairnError } from '../../src/errors.ts';

/** Contents in a map, named by their SHA-256. */
export class MapContents implements ContentWriter {
  readonly map = new Map<string, Uint8Array>();

  async write(data: Uint8Array, prefix: string, _compression: number): Promise<string> {
    const id = prefix + createHash('sha256').update(data).digest('hex');
    this.map.set(id, data.slice());
    return id;
  }

  info(id: string): ContentInfo | undefined {
    const data = this.map.get(id);
    if (data === undefined) return undefined;
    const { length } = data;
    return {
      id,
      packBlob: 'p',
      packOffset: 0,
      packedLength: length,
      originalLength: length,
      compression: 0,
      formatVersion: 3,
      timestamp: 0,
      deleted: false,
    };
  }

  async read(id: string): Promise<Uint8Array> {
    const data = this.map.get(id);
    if (data === undefined) throw new CairnError('content-not-found', `content ${id} not found`);
    return data;
  }

  async readMany(
    ids: Iterable<string>,
    each: (id: string, data: Uint8Array | Error) => void | Promise<void>,
  ): Promise<void> {
    for (const id of ids) await each(id, await this.read(id).catch((error: Error) => error));
  }

  async delete(id: string): Promise<void> {
    this.map.delete(id);
  }

  async flush(): Promise<void> {}

  /** Its methods as a plain object, to be spread. */
  face() {
    return {
      info: (id: string) => this.info(id),
      read: (id: string) => this.read(id),
      readMany: (ids: Iterable<string>, each: (id: string, data: Uint8Array | Error) => void | Promise<void>) =>
        this.readMany(ids, each),
    };
  }
}
