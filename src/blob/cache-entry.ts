import { equalBytes, utf8 } from '../bytes/gather.ts';

/** An entry of the disk cache is the data and a trailer: SHA-256 of (SHA-256 of the data, then `<kind>/<name>`). */
export const TRAILER = 32;

export async function entryTrailer(kind: string, name: string, data: Uint8Array): Promise<Uint8Array> {
  const label = utf8(`${kind}/${name}`);
  const both = new Uint8Array(32 + label.length);
  both.set(await sha256(data));
  both.set(label, 32);
  return sha256(both);
}

/** The data of a stored entry, or undefined when it is not whole or not of this kind and name. */
export async function openEntry(kind: string, name: string, stored: Uint8Array): Promise<Uint8Array | undefined> {
  if (stored.length < TRAILER) return undefined;
  const data = stored.subarray(0, -TRAILER);
  return equalBytes(await entryTrailer(kind, name, data), stored.subarray(-TRAILER)) ? data : undefined;
}

async function sha256(data: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', data as Uint8Array<ArrayBuffer>));
}
