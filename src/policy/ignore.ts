/**
 * What of a directory belongs in a snapshot (spec/snapshots-and-policies.md sections 5.1 and 5.2), as pure decisions:
 * the walker brings listings and the bytes of ignore files. Paths are relative to the snapshot root: empty for the
 * root itself, else `/a/b`.
 */
import { utf8 } from '../bytes/gather.ts';
import type { FileKind } from '../ports.ts';
import { compileRule, parseIgnoreFile } from './ignore-file.ts';
import type { FilesPolicy, Large } from './policy.ts';
import type { PolicyNode } from './tree.ts';
import type { Matcher } from './wcmatch.ts';

export type Verdict = 'include' | 'ignored' | 'too-large' | 'other-device';

export interface Candidate {
  name: string;
  kind: FileKind;
  size: Large;
  device: number;
}

/** Neighbouring rules of one polarity: any of them decides, so the cheap ones are asked first. */
class RuleGroup {
  readonly negated: boolean;
  private readonly names = new Set<string>();
  private readonly directoryNames = new Set<string>();
  private readonly suffixes: string[] = [];
  private readonly others: Matcher[] = [];

  constructor(negated: boolean) {
    this.negated = negated;
  }

  add(rule: Matcher): void {
    if (rule.name !== undefined) (rule.directoriesOnly ? this.directoryNames : this.names).add(rule.name);
    else if (rule.suffix !== undefined && !rule.directoriesOnly) this.suffixes.push(rule.suffix);
    else this.others.push(rule);
  }

  covers(directory: string, name: string, isDirectory: boolean): boolean {
    if (this.names.has(name) || (isDirectory && this.directoryNames.has(name))) return true;
    for (const suffix of this.suffixes) if (name.endsWith(suffix)) return true;
    if (this.others.length === 0) return false;
    const path = `${directory}/${name}`;
    for (const rule of this.others) if ((isDirectory || !rule.directoriesOnly) && rule.covers(path)) return true;
    return false;
  }
}

export interface IgnoreFile {
  name: string;
  data: Uint8Array;
}

/** Where rules came from, as plain data. */
export interface RulesOrigin {
  parent: IgnoreContext;
  files: FilesPolicy | undefined;
  directory: string;
  ignoreFiles: readonly IgnoreFile[];
}

/** The rules in force in a directory; shared by all directories below that add none. */
export class IgnoreContext {
  /** In force above the snapshot root: nothing is ignored. */
  static readonly empty = new IgnoreContext(undefined, [], 0, false, []);

  /** Names of the files that hold rules. */
  readonly dotIgnoreFiles: readonly string[];
  readonly maxFileSize: Large;
  readonly oneFileSystem: boolean;
  private readonly parent: IgnoreContext | undefined;
  private readonly groups: RuleGroup[] = [];
  /** There are rules, here or above. */
  private readonly ruled: boolean;
  /** What `enterDirectory` made it of, so that it can be made again elsewhere; `empty` has none. */
  origin: RulesOrigin | undefined;

  constructor(
    parent: IgnoreContext | undefined,
    dotIgnoreFiles: readonly string[],
    maxFileSize: Large,
    oneFileSystem: boolean,
    rules: readonly Matcher[],
  ) {
    this.parent = parent;
    this.dotIgnoreFiles = dotIgnoreFiles;
    this.maxFileSize = maxFileSize;
    this.oneFileSystem = oneFileSystem;
    for (const rule of rules) {
      let group = this.groups.at(-1);
      if (group?.negated !== rule.negated) this.groups.push((group = new RuleGroup(rule.negated)));
      group.add(rule);
    }
    this.ruled = rules.length > 0 || (parent?.ruled ?? false);
  }

  /** Nothing can be left out. */
  get takesAll(): boolean {
    return !this.ruled && !this.oneFileSystem && !(this.maxFileSize > 0);
  }

  /** Decides about one entry of `directory`, whose own device is `device`. */
  judge(directory: string, entry: Candidate, device: number): Verdict {
    const isDirectory = entry.kind === 'directory';
    if (this.ruled && this.ignores(directory.toWellFormed(), entry.name.toWellFormed(), isDirectory)) return 'ignored';
    if (!isDirectory && this.maxFileSize > 0 && entry.size > this.maxFileSize) return 'too-large';
    if (this.oneFileSystem && entry.device !== device) return 'other-device';
    return 'include';
  }

  private ignores(directory: string, name: string, isDirectory: boolean): boolean {
    let ignored = this.parent?.ignores(directory, name, isDirectory) ?? false;
    for (const group of this.groups) {
      if (group.negated === ignored && group.covers(directory, name, isDirectory)) ignored = !ignored;
    }
    return ignored;
  }
}

/**
 * The files to look for in a directory before it is judged: each that is a file, or a symlink that ends at a file
 * within 30 hops, is read and handed to `enterDirectory`; a symlink to anything else is an error of the directory.
 * `files` is of the policy defined exactly here, if there is one.
 */
export function ignoreFileNames(parent: IgnoreContext, files: FilesPolicy | undefined): readonly string[] {
  return files === undefined ? parent.dotIgnoreFiles : (files.ignoreDotFiles ?? []);
}

/**
 * The context of a directory, given its parent's and its ignore files in the order of `ignoreFileNames`.
 * A bad rule is `invalid-argument`: an error of the whole directory.
 */
export function enterDirectory(
  parent: IgnoreContext,
  files: FilesPolicy | undefined,
  directory: string,
  ignoreFiles: readonly IgnoreFile[],
): IgnoreContext {
  if (files === undefined && ignoreFiles.length === 0) return parent;
  const rules = (files?.ignore ?? []).map((rule) => compileRule(rule, directory, `ignore rule "${rule}"`));
  for (const { name, data } of ignoreFiles) rules.push(...parseIgnoreFile(data, name, directory));
  const context = new IgnoreContext(
    parent,
    [...new Set(ignoreFileNames(parent, files))],
    files?.maxFileSize || parent.maxFileSize,
    files === undefined ? parent.oneFileSystem : (files.oneFileSystem ?? false),
    rules,
  );
  context.origin = { parent, files, directory, ignoreFiles };
  return context;
}

/** The file whose signature marks a directory of caches (https://bford.info/cachedir/). */
export const CACHE_TAG = 'CACHEDIR.TAG';
const signature = utf8('Signature: 8a477f597d28d172789f06886806bc55');

/** Bytes of the tag to read: as many as its signature has. */
export const CACHE_TAG_LENGTH = signature.length;

/** True where a tagged directory is stored as an empty one. */
export function skipsCaches(node: PolicyNode): boolean {
  return node.policy.files.ignoreCacheDirs ?? true;
}

export function isCacheTag(start: Uint8Array): boolean {
  return start.length >= signature.length && signature.every((byte, i) => byte === start[i]);
}
