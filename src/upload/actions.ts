/** Commands before and after folders and snapshots (spec/snapshots-and-policies.md section 8.10). */
import { fromUtf8, utf8 } from '../bytes/gather.ts';
import { toHex } from '../bytes/hex.ts';
import { CairnError, fileError, isCairnError, systemCode } from '../errors.ts';
import type { ActionCommand } from '../policy/policy.ts';
import type { Environment, Files, Random, Subprocess } from '../ports.ts';

export type ActionEvent = 'before-folder' | 'after-folder' | 'before-snapshot-root' | 'after-snapshot-root';

export interface ActionPorts {
  subprocess: Subprocess;
  files: Files;
  environment: Environment;
  random: Random;
  /** What `KOPIA_VERSION` tells. */
  version: string;
  signal?: AbortSignal;
  onStderr?(data: Uint8Array): void;
  onStart?(event: ActionEvent, path: string, command: ActionCommand): void;
  /** A failure that does not matter to the snapshot. */
  onFailure?(error: CairnError): void;
}

/** Seconds, when the policy names none. */
const TIMEOUT = 180;
const REDIRECT = 'KOPIA_SNAPSHOT_PATH';

/** Runs the actions of one upload; each pair of before and after has an ID and a working directory of its own. */
export class Actions {
  readonly #ports: ActionPorts;

  constructor(ports: ActionPorts) {
    this.#ports = ports;
  }

  /** The pair of actions of a place; nothing runs and nothing is made before a command is there. */
  pair(sourcePath: string): ActionPair {
    return new ActionPair(this.#ports, sourcePath);
  }
}

export class ActionPair {
  readonly #ports: ActionPorts;
  readonly #sourcePath: string;
  #snapshotPath: string;
  #id = '';
  #directory: string | undefined;

  constructor(ports: ActionPorts, sourcePath: string) {
    this.#ports = ports;
    this.#sourcePath = sourcePath;
    this.#snapshotPath = sourcePath;
  }

  /** Gives the path to read in place of the source's, if the command printed one. Throws when an essential one fails. */
  async before(event: ActionEvent, command: ActionCommand | undefined): Promise<string | undefined> {
    if (command === undefined) return undefined;
    const stdout = await this.#run(event, command);
    let path: string | undefined;
    for (const line of fromUtf8(stdout).split(/\r?\n/))
      if (line.startsWith(`${REDIRECT}=`))
        path = line.slice(REDIRECT.length + 1).replace(/(?<=.)[\\/]+$/, '') || undefined;
    if (path === undefined) return undefined;
    this.#snapshotPath = path;
    return path;
  }

  /** Never fails: what was read is read. */
  async after(event: ActionEvent, command: ActionCommand | undefined): Promise<void> {
    if (command === undefined) return;
    try {
      await this.#run(event, command);
    } catch (error) {
      if (!isCairnError(error)) throw error;
      this.#ports.onFailure?.(error);
    }
  }

  /** Removes the working directory; called in any case. */
  async close(): Promise<void> {
    if (this.#directory !== undefined) await removeAll(this.#ports.files, this.#directory).catch(() => {});
    this.#directory = undefined;
  }

  async #run(event: ActionEvent, command: ActionCommand): Promise<Uint8Array> {
    const { subprocess, onStart, onStderr, onFailure, signal } = this.#ports;
    const essential = command.mode === 'essential';
    try {
      onStart?.(event, this.#sourcePath, command);
      const cwd = await this.#open();
      const [program, ...args] = await this.#commandLine(event, command, cwd);
      const { status, stdout, timedOut } = await subprocess.run(program, args, {
        cwd,
        env: this.#variables(event),
        timeout: 1000 * (command.timeout || TIMEOUT),
        onStderr,
        background: command.mode === 'async',
        signal,
      });
      if (signal?.aborted) throw new CairnError('canceled', 'canceled', { cause: signal.reason });
      if (timedOut) throw this.#error(event, `it took more than ${command.timeout || TIMEOUT} s`);
      if (status !== 0)
        throw this.#error(event, status === undefined ? 'it was killed' : `it ended with status ${status}`);
      return stdout;
    } catch (cause) {
      if (isCairnError(cause, 'canceled')) throw cause;
      const error = isCairnError(cause) ? cause : this.#error(event, startFailure(cause), cause);
      if (essential || event.startsWith('after')) throw error;
      onFailure?.(error);
      return new Uint8Array(0);
    }
  }

  async #open(): Promise<string> {
    if (this.#directory !== undefined) return this.#directory;
    const { files, environment, random } = this.#ports;
    const bytes = new Uint8Array(16);
    random(bytes);
    this.#id = toHex(bytes.subarray(0, 8));
    const path = join(files, environment.temporaryDirectory(), `cairn-action-${toHex(bytes.subarray(8))}`);
    try {
      await files.makeDirectory(path, 0o700);
    } catch (cause) {
      throw fileError(cause, 'cannot create', path);
    }
    return (this.#directory = path);
  }

  #variables(event: ActionEvent): Record<string, string> {
    return {
      KOPIA_ACTION: event,
      KOPIA_SNAPSHOT_ID: this.#id,
      KOPIA_SOURCE_PATH: this.#sourcePath,
      KOPIA_SNAPSHOT_PATH: this.#snapshotPath,
      KOPIA_VERSION: this.#ports.version,
    };
  }

  async #commandLine(
    event: ActionEvent,
    { path, args = [], script }: ActionCommand,
    cwd: string,
  ): Promise<[string, ...string[]]> {
    if (!script) {
      if (!path) throw this.#error(event, 'it names neither a command nor a script');
      return [path, ...args];
    }
    const { files, environment } = this.#ports;
    const windows = environment.platform === 'windows';
    const file = join(files, cwd, event + (windows ? '.cmd' : '.sh'));
    const handle = await files.open(file, 'write', 0o700);
    try {
      await handle.write(utf8(script), 0);
    } finally {
      await handle.close();
    }
    if (windows) return [environment.variable('COMSPEC') ?? 'cmd.exe', '/c', file];
    return script.startsWith('#!') ? [file] : ['sh', '-e', file];
  }

  #error(event: ActionEvent, why: string, cause?: unknown): CairnError {
    return new CairnError('io', `the action ${event} of ${this.#sourcePath} failed: ${why}`, {
      cause,
      data: { action: event, path: this.#sourcePath },
      hint: "'cairn policy show' shows the command; an action of the mode 'optional' may fail",
    });
  }
}

function startFailure(cause: unknown): string {
  const code = systemCode(cause);
  if (code === 'ENOENT') return 'there is no such command';
  if (code === 'EACCES') return 'the command may not be run';
  return cause instanceof Error ? cause.message : String(cause);
}

function join({ separator }: Files, directory: string, name: string): string {
  return directory.endsWith(separator) ? directory + name : directory + separator + name;
}

async function removeAll(files: Files, path: string): Promise<void> {
  for (const { name, kind } of await files.list(path)) {
    const at = join(files, path, name);
    if (kind === 'directory') await removeAll(files, at);
    else await files.removeFile(at);
  }
  await files.removeDirectory(path);
}
