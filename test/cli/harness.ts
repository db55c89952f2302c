/** The command line in this process: real files below a temporary folder, a captured terminal, given variables. */
import { join } from 'node:path';
import { run } from '../../src/cli/main.ts';
import type { Ports } from '../../src/ports.ts';
import { ports, temporaryDirectory } from '../runtime.ts';
import { CapturedTerminal } from './terminal.ts';

export interface Outcome {
  code: number;
  out: string;
  err: string;
}

export class Cli {
  readonly folder = temporaryDirectory();
  readonly variables: Record<string, string> = { TZ: 'UTC' };
  user = 'ann';
  host = 'alpha';
  /** Replaced ports. */
  override: Partial<Ports> = {};

  path(...names: string[]): string {
    return join(this.folder, ...names);
  }

  ports(terminal = new CapturedTerminal()): Ports {
    const real = ports();
    const environment = {
      ...real.environment!,
      variable: (name: string) => this.variables[name],
      homeDirectory: () => this.path('home'),
      currentDirectory: () => this.folder,
      userName: () => this.user,
      hostName: () => this.host,
    };
    return { ...real, environment, terminal, ...this.override };
  }

  async run(...argv: string[]): Promise<Outcome> {
    return this.on(new CapturedTerminal(), ...argv);
  }

  /** Runs with a terminal of one's own. */
  async on(terminal: CapturedTerminal, ...argv: string[]): Promise<Outcome> {
    const code = await run(argv, this.ports(terminal));
    return { code, out: terminal.outText, err: terminal.errText };
  }

  /** Runs what must succeed; gives standard output. */
  async ok(...argv: string[]): Promise<string> {
    const { code, out, err } = await this.run(...argv);
    if (code !== 0) throw new Error(`cairn ${argv.join(' ')}: exit code ${code}\n${err}`);
    return out;
  }
}
