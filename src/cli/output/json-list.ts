/** A JSON array written item by item, in the form that programs reading Kopia's output know. */
import { encodeJson, indentJson, type Json, type JsonObject } from '../../bytes/json.ts';
import type { Context } from '../context.ts';
import type { Console } from './console.ts';

export class JsonList {
  readonly #console: Console;
  readonly #indent: boolean;
  #empty = true;

  constructor(console: Console, indent = false) {
    this.#console = console;
    this.#indent = indent;
  }

  async add(value: Json): Promise<void> {
    const before = this.#empty ? '[' : ',';
    this.#empty = false;
    await this.#console.write(before + (this.#indent ? indentJson(value) : '\n ' + encodeJson(value)));
  }

  async end(): Promise<void> {
    await this.#console.write(`${this.#empty ? '[' : ''}${this.#indent ? '' : '\n'}]`);
  }
}

/** What a verb did, item by item; printed, with --json, when all of it is stored. */
export class ResultList {
  readonly #context: Context;
  readonly #results: JsonObject[] = [];

  constructor(context: Context) {
    this.#context = context;
  }

  add(result: JsonObject): void {
    this.#results.push(result);
  }

  async print(): Promise<void> {
    const { json, console, jsonIndent } = this.#context;
    if (!json) return;
    const list = new JsonList(console, jsonIndent);
    for (const result of this.#results) await list.add({ schema: 1, ...result });
    await list.end();
  }
}
