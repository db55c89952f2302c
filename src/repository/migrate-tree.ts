import { mapLimit } from '../bytes/parallel.ts';
import { CairnError, isCairnError } from '../errors.ts';
import { createSplitter } from '../kernels/splitter.ts';
import { openObject, readObject, type ObjectContents } from '../object/open.ts';
import { writeObject, writeStream } from '../object/writer.ts';
import { compressorForFile, metadataCompressor } from '../policy/compression.ts';
import { enterDirectory, IgnoreContext, ignoreFileNames } from '../policy/ignore.ts';
import type { Policy } from '../policy/policy.ts';
import type { PolicyNode } from '../policy/tree.ts';
import { DirectoryBuilder } from '../snapshot/directory-builder.ts';
import { encodeDirectory } from '../snapshot/directory.ts';
import { entryKind, type DirEntry } from '../snapshot/entry.ts';
import { addOwnFailures } from '../snapshot/fix-tree.ts';
import { asError, openDirectory, throwIfCanceled } from '../snapshot/walk.ts';
import { compressionId, splitterName } from '../upload/algorithms.ts';
import type { WriteSession } from './write-session.ts';

export interface TreeCopyOptions {
  /** Leaves out what the destination's rules and the tree's own ignore files leave out now. */
  applyIgnoreRules: boolean;
  onFile?(bytes: number, copied: boolean): void;
  onFailure?(path: string, error: Error): void;
  signal?: AbortSignal;
}

/** A directory of the snapshot before, there and here. */
export interface Earlier {
  from: DirEntry;
  to: DirEntry;
}

const PARALLEL = 8;
const NO_ENTRIES: ReadonlyMap<string, DirEntry> = new Map();

/**
 * Writes trees of one repository into another: files are cut, hashed and compressed anew, directories get the new
 * objects and keep all attributes. A file that was in the snapshot before under the same name is not read again; nor is
 * a directory that was copied in this run.
 */
export class TreeCopy {
  readonly #contents: ObjectContents;
  readonly #session: WriteSession;
  readonly #options: TreeCopyOptions;
  readonly #copied = new WeakMap<PolicyNode, Map<string, Pick<DirEntry, 'objectId' | 'summary'>>>();

  constructor(contents: ObjectContents, session: WriteSession, options: TreeCopyOptions) {
    this.#contents = contents;
    this.#session = session;
    this.#options = options;
  }

  /** The entry of a snapshot's root over here. */
  async root(entry: DirEntry, node: PolicyNode, earlier: Earlier | undefined): Promise<DirEntry> {
    if (entry.type === 'd') return this.#directory(entry, '', node, IgnoreContext.empty, earlier);
    const known = earlier?.from.objectId === entry.objectId ? earlier.to : undefined;
    return known === undefined ? this.#file(entry, node) : { ...entry, objectId: known.objectId };
  }

  async #directory(
    entry: DirEntry,
    relative: string,
    node: PolicyNode,
    parent: IgnoreContext,
    earlier: Earlier | undefined,
  ): Promise<DirEntry> {
    throwIfCanceled(this.#options.signal);
    const { applyIgnoreRules } = this.#options;
    const copied = this.#copied.get(node) ?? new Map<string, Pick<DirEntry, 'objectId' | 'summary'>>();
    this.#copied.set(node, copied);
    // with rules, those above decide what a directory holds
    const known = applyIgnoreRules ? undefined : copied.get(entry.objectId);
    if (known !== undefined) return { ...entry, ...known };

    const { entries, summary } = await openDirectory(this.#contents, entry.objectId);
    const before =
      earlier === undefined ? NO_ENTRIES : byName((await openDirectory(this.#contents, earlier.from.objectId)).entries);
    const here =
      earlier === undefined
        ? NO_ENTRIES
        : byName((await openDirectory(this.#session.objects, earlier.to.objectId)).entries);
    const pairOf = (name: string): Earlier | undefined => {
      const from = before.get(name);
      const to = here.get(name);
      return from === undefined || to === undefined || from.type !== to.type ? undefined : { from, to };
    };
    const context = applyIgnoreRules ? await this.#enter(parent, node, relative, entries) : parent;
    const wanted = applyIgnoreRules ? entries.filter((child) => isWanted(context, relative, child)) : entries;

    const builder = new DirectoryBuilder();
    const add = async (child: DirEntry, work: () => Promise<DirEntry>) => {
      const path = `${relative}/${child.name}`.slice(1);
      try {
        builder.add(await work());
      } catch (error) {
        if (!isDamage(error)) throw error;
        this.#options.onFailure?.(path, asError(error));
        builder.addFailure(path, asError(error).message, false);
      }
    };
    await mapLimit(
      wanted.filter(({ type }) => type !== 'd'),
      PARALLEL,
      (child) => add(child, () => this.#reuse(child, node.child(child.name), pairOf(child.name))),
    );
    for (const child of wanted) {
      if (child.type !== 'd') continue;
      const at = `${relative}/${child.name}`;
      const pair = pairOf(child.name);
      await add(child, () =>
        this.#directory(child, at, node.child(child.name), context, pair?.from.type === 'd' ? pair : undefined),
      );
    }
    const built = builder.build(entry.mtime, summary.incomplete);
    addOwnFailures(built.summary, entry.summary ?? summary, entries);
    const compression = compressionId(metadataCompressor(node.policy));
    const bytes = encodeDirectory(built.entries, built.summary);
    const objectId = await writeObject(this.#session.objectWriter(compression), bytes, 'k', compression);
    if (this.#session.contents.flushDue) await this.#session.flush();
    const result = { objectId, summary: built.summary };
    if (!applyIgnoreRules) copied.set(entry.objectId, result);
    return { ...entry, ...result };
  }

  async #reuse(entry: DirEntry, node: PolicyNode, earlier: Earlier | undefined): Promise<DirEntry> {
    if (earlier?.from.objectId !== entry.objectId) return this.#file(entry, node);
    this.#options.onFile?.(entry.size, false);
    return { ...entry, objectId: earlier.to.objectId };
  }

  async #file(entry: DirEntry, { policy }: PolicyNode): Promise<DirEntry> {
    throwIfCanceled(this.#options.signal);
    const { core } = this.#session.repository.state;
    const reader = await openObject(this.#contents, entry.objectId);
    if (reader.length !== entry.size)
      throw new CairnError(
        'corrupt',
        `object ${entry.objectId} has ${reader.length} bytes, its entry says ${entry.size}`,
      );
    const writer = this.#session.objectWriter(compressionId(metadataCompressor(policy)));
    const isLink = entry.type === 's';
    const { id } = await writeStream(
      writer,
      reader.chunks(),
      '',
      isLink ? 0 : compressionId(compressorForFile(policy.compression, entry.name, entry.size)),
      isLink
        ? writer.newSplitter()
        : createSplitter(
            splitterName(policy.splitter.algorithm, this.#session.repository.format.parameters.splitter),
            core,
          ),
      isLink ? undefined : partSize(policy, entry.size),
    );
    this.#options.onFile?.(entry.size, true);
    return { ...entry, objectId: id };
  }

  async #enter(
    parent: IgnoreContext,
    node: PolicyNode,
    relative: string,
    entries: readonly DirEntry[],
  ): Promise<IgnoreContext> {
    const ignoreFiles: { name: string; data: Uint8Array }[] = [];
    for (const name of ignoreFileNames(parent, node.defined?.files)) {
      const file = entries.find((entry) => entry.name === name && entry.type === 'f');
      if (file !== undefined) ignoreFiles.push({ name, data: await readObject(this.#contents, file.objectId) });
    }
    return enterDirectory(parent, node.defined?.files, relative, ignoreFiles);
  }
}

/** Big files are cut in parts, as an upload into the destination cuts them. */
function partSize({ upload }: Policy, size: number): number | undefined {
  const above = Number(upload.parallelUploadAboveSize ?? 0);
  return above > 0 && size > above ? above : undefined;
}

function byName(entries: readonly DirEntry[]): ReadonlyMap<string, DirEntry> {
  return new Map(entries.map((entry) => [entry.name, entry]));
}

function isWanted(context: IgnoreContext, relative: string, entry: DirEntry): boolean {
  const candidate = { name: entry.name, kind: entryKind(entry), size: entry.size, device: 0 };
  return context.judge(relative, candidate, 0) === 'include';
}

/** Of the source repository; failures to write end the run. */
function isDamage(error: unknown): boolean {
  return (
    ['corrupt', 'authentication-failed', 'content-not-found', 'blob-not-found', 'invalid-argument'] as const
  ).some((code) => isCairnError(error, code));
}
