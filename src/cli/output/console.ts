/** Where a command's words go: results to standard output, messages, hints and progress to standard error. */
import { encodeJson, indentJson, type Json } from '../../bytes/json.ts';
import { hasRawBytes, nameToBytes } from '../../bytes/name.ts';
import { systemCode } from '../../errors.ts';
import type { Clock, Terminal } from '../../ports.ts';
import { paint, type Style } from './color.ts';
import { clockText } from './times.ts';

export type LogLevel = 'debug' | 'info' | 'warning' | 'error';

const order: LogLevel[] = ['debug', 'info', 'warning', 'error'];

export interface ConsoleOptions {
  level?: LogLevel;
  color?: { out: boolean; err: boolean };
  /** Messages as JSON lines `{"t","l","n","m"}`. */
  jsonLog?: boolean;
  timestamps?: boolean;
}

/** Takes control characters out of words for a terminal, so that a file name cannot act on it. */
export function printable(text: string): string {
  return text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g,
    (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

const FLUSH_AT = 32 * 1024;

export class Console {
  readonly #terminal: Terminal;
  readonly #clock: Clock;
  readonly #options: Required<ConsoleOptions>;
  #buffer = '';
  /** Whoever read standard output went away, as in `cairn content list | head`: nothing is left to tell. */
  deserted = false;
  /** Length of the status line that stands on the terminal, 0 for none. */
  #status = 0;

  constructor(terminal: Terminal, clock: Clock, options: ConsoleOptions = {}) {
    this.#terminal = terminal;
    this.#clock = clock;
    this.#options = { level: 'info', color: { out: false, err: false }, jsonLog: false, timestamps: false, ...options };
  }

  get terminal(): Terminal {
    return this.#terminal;
  }

  /** Text to standard output as it is; gathered, so that long lists are few writes. */
  async write(text: string): Promise<void> {
    this.#buffer += text;
    if (this.#buffer.length >= FLUSH_AT) await this.flush();
  }

  async line(text = ''): Promise<void> {
    await this.write(text + '\n');
  }

  async bytes(data: Uint8Array): Promise<void> {
    await this.flush();
    await this.#out(data);
  }

  /** One JSON value and a newline. */
  async json(value: Json, indent = false): Promise<void> {
    await this.line(indent ? indentJson(value) : encodeJson(value));
  }

  async flush(): Promise<void> {
    const text = this.#buffer;
    this.#buffer = '';
    if (text !== '') await this.#out(hasRawBytes(text) ? nameToBytes(text) : text);
  }

  async #out(data: string | Uint8Array): Promise<void> {
    try {
      await this.#terminal.out(data);
    } catch (error) {
      this.deserted = systemCode(error) === 'EPIPE';
      throw error;
    }
  }

  /** Colours a part of a result. */
  paint(style: Style, text: string): string {
    return this.#options.color.out ? paint(style, text) : text;
  }

  /** Whether messages of this level are shown. */
  shows(level: LogLevel): boolean {
    return order.indexOf(level) >= order.indexOf(this.#options.level);
  }

  debug(text: string): void {
    this.#message('debug', text);
  }

  info(text: string): void {
    this.#message('info', text);
  }

  warning(text: string): void {
    this.#message('warning', text);
  }

  error(text: string): void {
    this.#message('error', text);
  }

  hint(text: string): void {
    this.#message('error', `hint: ${text}`, 'dim');
  }

  /** Text to standard error as it is, whatever the level. */
  raw(text: string): void {
    this.status('');
    this.#terminal.err(text);
  }

  /** Replaces the status line; the empty text takes it away. */
  status(text: string): void {
    if (text === '' && this.#status === 0) return;
    const room = Math.max(this.#terminal.columns - 1, 20);
    const shown = [...printable(text)].slice(0, room).join('');
    this.#terminal.err('\r' + shown.padEnd(this.#status) + (shown === '' ? '\r' : ''));
    this.#status = shown.length;
  }

  #message(level: LogLevel, text: string, style?: Style): void {
    const { color, jsonLog, timestamps } = this.#options;
    if (!this.shows(level)) return;
    if (this.#buffer !== '' && this.#terminal.outIsTerminal) void this.flush();
    this.status('');
    if (jsonLog) {
      const line = { ...(timestamps ? { t: clockText(this.#clock.now()) } : {}), l: level, n: 'cairn/cli', m: text };
      this.#terminal.err(encodeJson(line) + '\n');
      return;
    }
    const painted = style ?? (level === 'error' ? 'red' : level === 'warning' ? 'yellow' : undefined);
    const words = printable(text);
    const shown = painted !== undefined && color.err ? paint(painted, words) : words;
    this.#terminal.err(`${timestamps ? clockText(this.#clock.now()) + ' ' : ''}${shown}\n`);
  }
}
