/** `diff --files`: changed files side by side in a temporary folder, compared by a program. */
import { toHex } from '../../bytes/hex.ts';
import { CairnError, fileError, systemCode } from '../../errors.ts';
import type { Subprocess } from '../../ports.ts';
import type { Repository } from '../../repository/repository.ts';
import { nameProblem } from '../../restore/names.ts';
import type { DiffEvent } from '../../snapshot/diff.ts';
import type { DirEntry } from '../../snapshot/entry.ts';
import { joinPath } from '../config/paths.ts';
import type { Context } from '../context.ts';

/** What is kept of a program's output. */
const OUTPUT_LIMIT = 1 << 20;

export class FileDiff {
  readonly #context: Context;
  readonly #repository: Repository;
  readonly #subprocess: Subprocess;
  readonly #command: readonly string[];
  /** In the order they were made; the first is the temporary folder. */
  readonly #folders = new Set<string>();

  constructor(context: Context, repository: Repository) {
    const { ports, flags } = context;
    if (ports.subprocess === undefined)
      throw new CairnError('unsupported', "this runtime cannot run the program of 'diff --files'");
    this.#context = context;
    this.#repository = repository;
    this.#subprocess = ports.subprocess;
    this.#command = flags
      .text('diff-command')!
      .split(/\s+/)
      .filter((word) => word !== '');
    if (this.#command.length === 0) throw new CairnError('usage', "flag '--diff-command' takes a program, got ''");
  }

  /** Runs the program where a file was added, removed or changed, and prints what it says. */
  async show({ kind, path, before, after }: DiffEvent): Promise<void> {
    const [old, now] = [before, after].map((entry) => (entry?.type === 'f' ? entry : undefined));
    if (kind === 'metadata' || (old === undefined && now === undefined)) return;
    const { console, environment } = this.#context;
    const windows = environment.platform === 'windows';
    const names = path.split('/').slice(1);
    const problem = names.map((name) => nameProblem(name, windows)).find((found) => found !== undefined);
    if (problem !== undefined) return console.warning(`${path} is not compared: ${problem}`);
    const missing = windows ? 'NUL' : '/dev/null';
    const written: string[] = [];
    try {
      const sides = [missing, missing];
      for (const [at, entry] of [old, now].entries()) {
        if (entry === undefined) continue;
        sides[at] = [at === 0 ? 'old' : 'new', ...names].join('/');
        written.push(await this.#write(sides[at].split('/'), entry));
      }
      await this.#run(sides);
    } finally {
      for (const file of written) await this.#context.files.removeFile(file).catch(() => {});
    }
  }

  /** Removes the temporary folder. */
  async close(): Promise<void> {
    for (const folder of [...this.#folders].toReversed())
      await this.#context.files.removeDirectory(folder).catch(() => {});
  }

  async #run(sides: readonly string[]): Promise<void> {
    const { console, signal } = this.#context;
    const [program, ...args] = this.#command;
    try {
      const { stdout } = await this.#subprocess.run(program, [...args, ...sides], {
        cwd: await this.#root(),
        onStderr: (data) => console.raw(new TextDecoder().decode(data)),
        signal,
      });
      await console.bytes(stdout);
      if (stdout.length >= OUTPUT_LIMIT) console.warning(`the output for ${sides[1]} is cut after 1 MiB`);
    } catch (cause) {
      if (systemCode(cause) === undefined) throw cause;
      throw new CairnError('invalid-argument', `cannot start '${program}': ${(cause as Error).message}`, {
        cause,
        hint: "flag '--diff-command' and the variable KOPIA_DIFF name the program",
      });
    }
  }

  async #write(names: readonly string[], entry: DirEntry): Promise<string> {
    const { files } = this.#context;
    let path = await this.#root();
    for (const name of names.slice(0, -1)) path = await this.#folder(joinPath(files.separator, path, name));
    path = joinPath(files.separator, path, names.at(-1)!);
    const object = await this.#repository.openObject(entry.objectId);
    try {
      const handle = await files.open(path, 'create', 0o600);
      try {
        let at = 0;
        for await (const chunk of object.chunks()) {
          await handle.write(chunk, at);
          at += chunk.length;
        }
      } finally {
        await handle.close();
      }
    } catch (error) {
      throw fileError(error, 'cannot write', path);
    }
    return path;
  }

  async #root(): Promise<string> {
    for (const root of this.#folders) return root;
    const { ports, environment, files } = this.#context;
    const random = new Uint8Array(8);
    ports.random(random);
    return this.#folder(joinPath(files.separator, environment.temporaryDirectory(), `cairn-diff-${toHex(random)}`));
  }

  async #folder(path: string): Promise<string> {
    if (this.#folders.has(path)) return path;
    try {
      await this.#context.files.makeDirectory(path, 0o700);
    } catch (error) {
      throw fileError(error, 'cannot make', path);
    }
    this.#folders.add(path);
    return path;
  }
}
