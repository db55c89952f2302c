import { openSync, writeSync } from 'node:fs';
import process from 'node:process';
import { ReadStream } from 'node:tty';
import { CairnError } from '../../src/errors.ts';

interface Device {
  input: ReadStream;
  write(text: string): void;
}

/** Kept for the next question: Bun does not let go of a terminal that it once read from. */
let device: Device | undefined;

/**
 * Asks for one line on the terminal device, so that neither standard input nor standard output is touched.
 * Undefined when there is no terminal or its end was typed (Ctrl-D).
 */
export async function askLine(prompt: string, echo: boolean): Promise<string | undefined> {
  device ??= openTerminal();
  if (device === undefined) return undefined;
  const { input, write } = device;
  write(prompt);
  input.setRawMode(true);
  input.ref();
  try {
    return await readLine(input, echo ? write : () => {});
  } finally {
    input.setRawMode(false);
    input.pause();
    input.unref();
    write('\n');
  }
}

function openTerminal(): Device | undefined {
  if (process.platform === 'win32') {
    if (!process.stdin.isTTY) return undefined;
    return { input: process.stdin, write: (text) => void process.stderr.write(text) };
  }
  try {
    const descriptor = openSync('/dev/tty', 'r+');
    return { input: new ReadStream(descriptor), write: (text) => void writeSync(descriptor, text) };
  } catch {
    return undefined; // started without one: a service, a cron job
  }
}

const ENTER = /[\r\n]/;
const CTRL_C = '\x03';
const CTRL_D = '\x04';
const CTRL_U = '\x15';
const ERASE = /[\b\x7f]/;

/** The line edited with backspace and Ctrl-U, of a terminal in raw mode. */
function readLine(input: ReadStream, echo: (text: string) => void): Promise<string | undefined> {
  const decoder = new TextDecoder();
  return new Promise((resolve, reject) => {
    let line: string[] = [];
    const done = (settle: () => void) => {
      input.off('data', take).off('error', fail).off('end', end);
      settle();
    };
    const fail = (error: Error) => done(() => reject(error));
    const end = () => done(() => resolve(undefined));
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
    input.on('data', take).on('error', fail).on('end', end).resume();
  });
}
