import { openSync, writeSync } from 'node:fs';
import process from 'node:process';
import { ReadStream } from 'node:tty';
import { CairnError } from '../../src/errors.ts';

/**
 * Asks for one line on the terminal device, so that neither standard input nor standard output is touched.
 * Undefined when there is no terminal or its end was typed (Ctrl-D).
 */
export async function askLine(prompt: string, echo: boolean): Promise<string | undefined> {
  const terminal = openTerminal();
  if (terminal === undefined) return undefined;
  const { input, write, close } = terminal;
  try {
    write(prompt);
    input.setRawMode(true);
    return await readLine(input, echo ? write : () => {});
  } finally {
    input.setRawMode(false);
    write('\n');
    close();
  }
}

function openTerminal() {
  if (process.platform === 'win32') {
    if (!process.stdin.isTTY) return undefined;
    const write = (text: string) => void process.stderr.write(text);
    return { input: process.stdin, write, close: () => void process.stdin.pause() };
  }
  let device: number;
  try {
    device = openSync('/dev/tty', 'r+');
  } catch {
    return undefined;
  }
  const input = new ReadStream(device);
  return { input, write: (text: string) => void writeSync(device, text), close: () => void input.destroy() };
}

const ENTER = /[\r\n]/;
const CTRL_C = '\x03';
const CTRL_D = '\x04';
const CTRL_U = '\x15';
const ERASE = /[\b\x7f]/;

/** The line edited with backspace and Ctrl-U, of a terminal in raw mode. */
function readLine(input: NodeJS.ReadableStream, echo: (text: string) => void): Promise<string | undefined> {
  const decoder = new TextDecoder();
  return new Promise((resolve, reject) => {
    let line: string[] = [];
    const done = (settle: () => void) => {
      input.off('data', take);
      settle();
    };
    const take = (chunk: Uint8Array) => {
      for (const char of decoder.decode(chunk, { stream: true })) {
        if (ENTER.test(char)) return done(() => resolve(line.join('')));
        if (char === CTRL_C) return done(() => reject(new CairnError('canceled', 'interrupted')));
        if (char === CTRL_D && line.length === 0) return done(() => resolve(undefined));
        if (ERASE.test(char)) {
          if (line.pop() !== undefined) echo('\b \b');
        } else if (char === CTRL_U) {
          echo('\b \b'.repeat(line.length));
          line = [];
        } else if (char >= ' ') {
          line.push(char);
          echo(char);
        }
      }
    };
    input.on('data', take);
    input.once('error', (error: Error) => done(() => reject(error)));
    input.once('end', () => done(() => resolve(undefined)));
  });
}
