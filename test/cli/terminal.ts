/** A terminal that keeps what it is told, and an environment of given variables. */
import type { Environment, Terminal } from '../../src/ports.ts';

const decoder = new TextDecoder();

export class CapturedTerminal implements Terminal {
  outText = '';
  errText = '';
  outIsTerminal = false;
  errIsTerminal = false;
  inIsTerminal = false;
  columns = 80;
  /** Answers to questions, in order; without one there is no terminal to ask on. */
  answers: string[] = [];
  stdin: Uint8Array = new Uint8Array(0);
  interrupt: ((signal: string) => void) | undefined;

  async out(data: string | Uint8Array): Promise<void> {
    this.outText += typeof data === 'string' ? data : decoder.decode(data);
  }

  err(data: string): void {
    this.errText += data;
  }

  async askSecret(prompt: string): Promise<string | undefined> {
    if (this.answers.length > 0) this.errText += prompt;
    return this.answers.shift();
  }

  ask(prompt: string): Promise<string | undefined> {
    return this.askSecret(prompt);
  }

  async *input(): AsyncIterable<Uint8Array> {
    if (this.stdin.length > 0) yield this.stdin;
  }

  onInterrupt(handler: (signal: string) => void): () => void {
    this.interrupt = handler;
    return () => (this.interrupt = undefined);
  }
}

export interface FakeEnvironment extends Partial<Environment> {
  variables?: Record<string, string>;
  home?: string;
}

export function fakeEnvironment({ variables = {}, home = '/home/ann', ...more }: FakeEnvironment = {}): Environment {
  return {
    runtime: 'node',
    runtimeVersion: '20.19.0',
    platform: 'linux',
    processId: 1,
    cpuCount: 2,
    variable: (name) => variables[name],
    homeDirectory: () => home,
    temporaryDirectory: () => '/tmp',
    currentDirectory: () => '/home/ann/work',
    userName: () => 'ann',
    hostName: () => 'Alpha.example.com',
    userId: () => 1000,
    ...more,
  };
}
