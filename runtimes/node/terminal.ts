import process from 'node:process';
import type { Terminal } from '../../src/ports.ts';
import { askLine } from './ask.ts';
import { called } from './handle.ts';

/** A reader that went away (`cairn list | head`) ends `out` with EPIPE; without a listener it would end the process. */
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

const interrupts: NodeJS.Signals[] =
  process.platform === 'win32' ? ['SIGINT', 'SIGBREAK'] : ['SIGINT', 'SIGTERM', 'SIGHUP'];

export const terminal: Terminal = {
  out: (data) => called((done) => process.stdout.write(data, (error) => done(error ?? null))),
  err(data) {
    process.stderr.write(data);
  },
  get outIsTerminal() {
    return process.stdout.isTTY === true;
  },
  get errIsTerminal() {
    return process.stderr.isTTY === true;
  },
  get inIsTerminal() {
    return process.stdin.isTTY === true;
  },
  get columns() {
    return process.stderr.columns || process.stdout.columns || 80;
  },
  askSecret: (prompt) => askLine(prompt, false),
  ask: (prompt) => askLine(prompt, true),
  async *input() {
    for await (const chunk of process.stdin as AsyncIterable<Uint8Array>) {
      yield new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
    }
  },
  onInterrupt(handler) {
    const listen = (signal: NodeJS.Signals) => handler(signal);
    for (const signal of interrupts) process.on(signal, listen);
    return () => {
      for (const signal of interrupts) process.off(signal, listen);
    };
  },
};
