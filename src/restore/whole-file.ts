import type { SyncWriter } from '../ports.ts';
import { setHandleAttributes, type Attributes, type Owner } from './attributes.ts';

/** A small file to be written at once. */
export interface WholeFile {
  /** A free name beside the file's own. */
  temporary: string;
  path: string;
  /** Where its bytes are in the batch. */
  start: number;
  length: number;
  attributes: Attributes;
  /** Whom the mode was made for. */
  modeOwner: Owner;
}

export interface Batch {
  files: WholeFile[];
  buffer: ArrayBuffer;
  /** What the system does not permit is counted. */
  tolerant: boolean;
}

/** For each file how many attributes could not be set, or `NOT_WRITTEN`. */
export type BatchResult = number[];

/** Nothing of the file is there; writing it in the slow way tells why. */
export const NOT_WRITTEN = -1;

export function writeBatch(files: SyncWriter, { files: list, buffer, tolerant }: Batch): BatchResult {
  return list.map((file) => {
    try {
      return writeWholeFile(files, file, new Uint8Array(buffer, file.start, file.length), tolerant);
    } catch {
      return NOT_WRITTEN;
    }
  });
}

/** Bytes, attributes, then the name: as `LocalFile` does it. On an error nothing stays. */
export function writeWholeFile(files: SyncWriter, file: WholeFile, data: Uint8Array, tolerant: boolean): number {
  const { temporary, path, attributes, modeOwner } = file;
  const handle = files.create(temporary, 0o600);
  let isOpen = true;
  const close = () => {
    isOpen = false;
    files.close(handle);
  };
  try {
    files.write(handle, data);
    const refused = setHandleAttributes(files, handle, attributes, modeOwner, tolerant);
    close();
    files.rename(temporary, path);
    return refused;
  } catch (error) {
    try {
      if (isOpen) close();
    } finally {
      files.removeFile(temporary);
    }
    throw error;
  }
}
