// What every part of the bench that runs inside a runtime starts from: `RUNTIME bench/PART.mjs PROGRAM ARGS...`, where
// PROGRAM is the folder that bundle.mjs made. The result goes to standard output as one line of JSON.
import process from 'node:process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [program, ...rest] = process.argv.slice(2);
export const args = rest;

const load = (name) => import(pathToFileURL(join(program, name)).href);
export const inside = await load('inside.js');

const kind = globalThis.Deno !== undefined ? 'deno' : globalThis.Bun !== undefined ? 'bun' : 'node';
const adapter = await load(`${kind}.js`);
export const ports = adapter[`${kind}Ports`]();
// as the command does
inside[`${kind}Heap`]?.();

export function answer(value) {
  console.log(JSON.stringify(value));
}
