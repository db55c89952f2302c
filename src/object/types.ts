/** A stored object open for reading. */
export interface ObjectReader {
  readonly id: string;
  readonly length: number;
  /** Bytes `[offset, offset + length)`, cut at the end of the object. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** The whole object in order, one content at a time. */
  chunks(): AsyncIterable<Uint8Array>;
}

/** One direct piece of an object: a content and where its bytes belong. */
export interface ObjectPiece {
  start: number;
  length: number;
  contentId: string;
  /** Content holds an object-level compressed payload (`Z`, spec section 7.3). */
  compressed: boolean;
}
