import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { runtimeName } from '../runtime.ts';

const execute = promisify(execFile);

const candidates = [process.env.KOPIA_BIN, 'kopia'].filter((name) => name !== undefined && name !== '');

/** The real Kopia, if one is named by KOPIA_BIN or lies on the PATH. */
export const kopiaBinary = candidates.find(
  (name) => spawnSync(name!, ['--version'], { encoding: 'utf8' }).status === 0,
);

/** What does not depend on the runtime need not run on each: on the newest Node it does. */
export const onNewestNode = runtimeName === 'node' && !process.versions.node.startsWith('20.');

/** One client of the real Kopia with its own configuration and cache below `home`. */
export class Kopia {
  readonly #home: string;
  readonly #password: string;

  constructor(home: string, password: string) {
    this.#home = home;
    this.#password = password;
    mkdirSync(home, { recursive: true });
  }

  run(...args: string[]): { status: number; stdout: string; stderr: string } {
    const result = spawnSync(kopiaBinary!, [...args, '--no-progress'], this.#options());
    return { status: result.status ?? -1, stdout: result.stdout, stderr: result.stderr };
  }

  #options() {
    return {
      encoding: 'utf8' as const,
      maxBuffer: 64 << 20,
      env: {
        ...process.env,
        HOME: this.#home,
        XDG_CONFIG_HOME: join(this.#home, 'config'),
        XDG_CACHE_HOME: join(this.#home, 'cache'),
        KOPIA_PASSWORD: this.#password,
        KOPIA_CHECK_FOR_UPDATES: 'false',
        KOPIA_CONFIG_PATH: join(this.#home, 'repository.config'),
      },
    };
  }

  /** The same, failing with both outputs when the command does. */
  must(...args: string[]): string {
    const { status, stdout, stderr } = this.run(...args);
    if (status !== 0) throw new Error(`kopia ${args.join(' ')} exited with ${status}:\n${stdout}\n${stderr}`);
    return stdout;
  }

  /** `must` beside other work. */
  async ok(...args: string[]): Promise<string> {
    return (await execute(kopiaBinary!, [...args, '--no-progress'], this.#options())).stdout;
  }

  json(...args: string[]): unknown {
    return JSON.parse(this.must(...args, '--json'));
  }
}
