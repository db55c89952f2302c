/** What a verb works with. */
import { formatSize } from '../bytes/size.ts';
import { CairnError } from '../errors.ts';
import type { Environment, Files, Ports, Terminal } from '../ports.ts';
import type { Flags } from './flags.ts';
import type { Console } from './output/console.ts';
import { Progress, type ProgressFormat, type ProgressView } from './output/progress.ts';
import type { Times } from './output/times.ts';

export interface ContextParts {
  ports: Ports;
  environment: Environment;
  terminal: Terminal;
  /** Names of the command, from the top: `['snapshot', 'list']`. */
  path: readonly string[];
  args: readonly string[];
  flags: Flags;
  console: Console;
  times: Times;
  /** Aborted by Ctrl-C and SIGTERM. */
  signal: AbortSignal;
}

export class Context {
  readonly ports: Ports;
  readonly environment: Environment;
  readonly terminal: Terminal;
  readonly path: readonly string[];
  readonly args: readonly string[];
  readonly flags: Flags;
  readonly console: Console;
  readonly times: Times;
  readonly signal: AbortSignal;
  readonly #base2: boolean;

  constructor(parts: ContextParts) {
    this.ports = parts.ports;
    this.environment = parts.environment;
    this.terminal = parts.terminal;
    this.path = parts.path;
    this.args = parts.args;
    this.flags = parts.flags;
    this.console = parts.console;
    this.times = parts.times;
    this.signal = parts.signal;
    this.#base2 = /^(1|t|true)$/i.test(parts.environment.variable('KOPIA_BYTES_STRING_BASE_2') ?? '');
  }

  get files(): Files {
    if (this.ports.files === undefined) throw new CairnError('unsupported', 'this runtime gives no file system');
    return this.ports.files;
  }

  /** True with --json. */
  get json(): boolean {
    return this.flags.bool('json');
  }

  get jsonIndent(): boolean {
    return this.flags.bool('json-indent');
  }

  /** `1.2 MB`; may be passed around. */
  readonly size = (bytes: number | bigint): string => formatSize(bytes, this.#base2);

  /** Begins painting progress, in the form that flags and terminal ask for. */
  progress(view: () => ProgressView): Progress {
    return new Progress({
      console: this.console,
      clock: this.ports.clock,
      format: this.#progressFormat(),
      interval: Number(this.flags.integer('progress-update-interval') ?? 300_000_000n) / 1e6,
      size: (bytes) => this.size(bytes),
      view,
    });
  }

  #progressFormat(): ProgressFormat {
    const wanted = this.flags.text('progress-format') ?? 'auto';
    if (this.flags.given('progress') && !this.flags.bool('progress')) return 'none';
    if (wanted !== 'auto') return wanted as ProgressFormat;
    return this.terminal.errIsTerminal ? 'bar' : 'plain';
  }
}
