import { mapLimit } from '../bytes/parallel.ts';
import { CairnError } from '../errors.ts';
import type { ObjectContents } from '../object/open.ts';
import type { Directory } from '../snapshot/directory.ts';
import { PLACEHOLDER_SUFFIX, type DirEntry } from '../snapshot/entry.ts';
import { asError, damagedDirectory, joinPath, takeDirectories } from '../snapshot/walk.ts';
import { Delivery } from './delivery.ts';
import { distinctNames, nameProblem } from './names.ts';
import { planFile, type FilePlan } from './plan.ts';
import { RestoreRun, type PlaceholderRule, type RestoreOptions } from './run.ts';
import type { RestoreStats } from './stats.ts';
import type { RestoreTarget } from './target.ts';

export type { RestoreOptions } from './run.ts';

/** Entries of a directory planned at a time. */
const PLAN_SLICE = 512;
const PLAN_PARALLEL = 16;
/** Directories that wait for their attributes before the walk is held back. */
const MAX_FINISHING = 256;

interface Node {
  path: string;
  entry: DirEntry;
  parent: Node | undefined;
  /** Children that are not done, and one while they are still being counted. */
  pending: number;
}

/**
 * Restores an entry with everything below it (spec/snapshots-and-policies.md section 9.4). A file appears under its own
 * name only when every byte of it was read, checked and written; one whose content is damaged does not appear and is
 * reported by its path. A directory gets its attributes after all that is in it, also when some of that failed.
 */
export async function restoreEntry(
  contents: ObjectContents,
  entry: DirEntry,
  target: RestoreTarget,
  options: RestoreOptions = {},
): Promise<RestoreStats> {
  const run = new RestoreRun(target, options);
  const delivery = new Delivery(contents, target, run, options.opener);
  try {
    await new TreeRestore(contents, target, run, delivery, options.placeholders).walk(entry);
    await delivery.end();
    await run.allDone();
  } catch (error) {
    run.stop(error);
  }
  if (run.fatal !== undefined) await delivery.abort();
  if (run.fatal !== undefined) throw run.fatal;
  return Object.assign(run.stats, target.counters);
}

/** Walks the tree, begins and finishes directories, and hands files on. */
class TreeRestore {
  readonly #contents: ObjectContents;
  readonly #target: RestoreTarget;
  readonly #run: RestoreRun;
  readonly #delivery: Delivery;
  readonly #placeholders: PlaceholderRule | undefined;
  #finishing = 0;

  constructor(
    contents: ObjectContents,
    target: RestoreTarget,
    run: RestoreRun,
    delivery: Delivery,
    placeholders: PlaceholderRule | undefined,
  ) {
    this.#contents = contents;
    this.#target = target;
    this.#run = run;
    this.#delivery = delivery;
    this.#placeholders = placeholders;
  }

  async walk(root: DirEntry): Promise<void> {
    this.#run.check();
    if (root.type !== 'd') return this.#addFiles([root], undefined);
    const stack: Node[] = [{ path: '', entry: root, parent: undefined, pending: 1 }];
    while (stack.length > 0) {
      this.#run.check();
      for (const { node, directory } of await takeDirectories(this.#contents, stack)) {
        this.#run.check();
        const entries = await this.#enter(node, directory);
        if (entries === undefined) continue;
        const files: DirEntry[] = [];
        for (const entry of entries) {
          if (this.#isShallow(node, entry)) await this.#hint(node, entry);
          else if (entry.type !== 'd') files.push(entry);
          else stack.push({ path: joinPath(node.path, entry.name), entry, parent: node, pending: 1 });
        }
        for (let at = 0; at < files.length; at += PLAN_SLICE)
          await this.#addFiles(files.slice(at, at + PLAN_SLICE), node);
        this.#childDone(node);
        while (this.#finishing > MAX_FINISHING) await this.#run.someDone();
      }
    }
  }

  /** Begins a directory; gives the entries to restore into it, undefined when it failed. */
  async #enter(node: Node, directory: Directory | Error): Promise<readonly DirEntry[] | undefined> {
    try {
      if (directory instanceof Error) throw damagedDirectory(node, directory);
      const entries = this.#namedEntries(node, directory);
      await this.#target.beginDirectory(
        node.path,
        node.entry,
        entries.map((entry) =>
          this.#isShallow(node, entry) ? { ...entry, name: entry.name + PLACEHOLDER_SUFFIX } : entry,
        ),
      );
      node.pending += entries.length;
      return entries;
    } catch (error) {
      this.#run.fail(node.path, asError(error));
      if (node.parent !== undefined) this.#childDone(node.parent);
      return undefined;
    }
  }

  /** Entries whose names may be used, each under a name of its own. */
  #namedEntries({ path }: Node, { entries }: Directory): readonly DirEntry[] {
    const windows = this.#target.windowsNames;
    const safe = entries.filter(({ name }) => {
      const problem = nameProblem(name, windows);
      if (problem === undefined) return true;
      this.#run.fail(joinPath(path, name), new CairnError('invalid-argument', problem));
      return false;
    });
    return distinctNames(safe, windows, (from, to) =>
      this.#run.stats.renamed.push({ path: joinPath(path, from), name: to }),
    );
  }

  #isShallow({ path }: Node, entry: DirEntry): boolean {
    return this.#placeholders?.standsFor(joinPath(path, entry.name), entry) ?? false;
  }

  async #hint(node: Node, entry: DirEntry): Promise<void> {
    const path = joinPath(node.path, entry.name);
    try {
      await this.#placeholders!.write(path, entry);
      this.#run.stats.placeholders++;
      this.#run.progress();
    } catch (error) {
      this.#run.fail(path, asError(error));
    }
    this.#childDone(node);
  }

  async #addFiles(files: readonly DirEntry[], parent: Node | undefined): Promise<void> {
    const done = () => {
      if (parent !== undefined) this.#childDone(parent);
    };
    const plans = await mapLimit(files, PLAN_PARALLEL, (entry) => this.#plan(entry, parent));
    for (const plan of plans) {
      if (plan === undefined) {
        done();
        continue;
      }
      const added = this.#delivery.add(plan, done);
      if (added !== undefined) await added;
    }
  }

  /** Where the bytes of a file or link are; undefined when it is skipped or failed. No promise where none is needed. */
  #plan(entry: DirEntry, parent: Node | undefined): FilePlan | undefined | Promise<FilePlan | undefined> {
    const path = parent === undefined ? '' : joinPath(parent.path, entry.name);
    try {
      if (entry.type !== 'f' && entry.type !== 's')
        throw new CairnError('unsupported', `entries of the type "${entry.type}" cannot be restored`);
      const accepted = this.#target.accepts(path, entry);
      const plan = accepted === true ? planFile(this.#contents, path, entry) : undefined;
      if (plan !== undefined && !(plan instanceof Promise)) return plan;
      return this.#planLater(path, entry, accepted, plan);
    } catch (error) {
      this.#run.fail(path, asError(error));
      return undefined;
    }
  }

  async #planLater(
    path: string,
    entry: DirEntry,
    accepted: boolean | Promise<boolean>,
    plan: Promise<FilePlan> | undefined,
  ): Promise<FilePlan | undefined> {
    try {
      if (await accepted) return await (plan ?? planFile(this.#contents, path, entry));
      this.#run.stats.skipped++;
      this.#run.stats.skippedBytes += entry.type === 'f' ? entry.size : 0;
      this.#run.progress();
    } catch (error) {
      this.#run.fail(path, asError(error));
    }
    return undefined;
  }

  #childDone(node: Node): void {
    if (--node.pending > 0 || this.#run.fatal !== undefined) return;
    this.#finishing++;
    this.#run.inBackground(this.#finish(node).finally(() => this.#finishing--));
  }

  async #finish({ path, entry, parent }: Node): Promise<void> {
    try {
      await this.#target.finishDirectory(path, entry);
      this.#run.stats.directories++;
      this.#run.progress();
    } catch (error) {
      this.#run.fail(path, asError(error));
    }
    if (parent !== undefined) this.#childDone(parent);
  }
}
