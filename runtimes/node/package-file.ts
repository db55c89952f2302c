import { existsSync } from 'node:fs';
import { CairnError } from '../../src/errors.ts';

/** Where built files lie seen from a bundle, from one of its chunks, and from the sources (tests). */
const places = ['./', '../', '../../dist/'];

/** A file of the built package: a kernel or a worker's program. */
export function packageFile(name: string): URL {
  for (const place of places) {
    const url = new URL(place + name, import.meta.url);
    if (existsSync(url)) return url;
  }
  throw new CairnError('internal', `${name} is missing from the installation`, {
    hint: 'install cairn again, or run `npm run build` in a checkout',
  });
}
