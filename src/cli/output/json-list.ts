/** A JSON array written item by item, in the form that programs reading Kopia's output know. */
import { encodeJson, indentJson, type Json } from '../../bytes/json.ts';
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
