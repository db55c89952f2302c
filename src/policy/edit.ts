/** `policy set` without its input and output: flags in, the changed policy and what to tell out (spec/cli.md 4.5). */
import { CairnError } from '../errors.ts';
import { clonePolicy } from './document.ts';
import { Editor } from './editor.ts';
import { editActions } from './edit-actions.ts';
import { editSchedule } from './edit-schedule.ts';
import type { PolicyFlags } from './flags.ts';
import { compressorNames, splitterNames } from './names.ts';
import { compilePattern } from './pattern.ts';
import type { Policy } from './policy.ts';
import { GLOBAL, type SourceInfo } from './source.ts';
import { validatePolicy } from './validate.ts';

export interface PolicyEdit {
  policy: Policy;
  /** In Kopia's words, for people. */
  lines: string[];
}

export interface EditOptions {
  /** Whose policy it is: some settings are not for paths. */
  target?: SourceInfo;
  /** Bytes of the files that `scriptPaths` asks for. */
  scripts?: ReadonlyMap<string, Uint8Array>;
}

/**
 * Applies flags to a policy; the given one stays as it is. `usage` when no flag changes anything,
 * `invalid-argument` naming the flag when a value cannot be right.
 */
export function editPolicy(policy: Policy, flags: PolicyFlags, options: EditOptions = {}): PolicyEdit {
  const edited = clonePolicy(policy);
  const editor = new Editor(flags);
  editRetention(editor, edited);
  editFiles(editor, edited);
  editErrorHandling(editor, edited);
  editCompression(editor, edited);
  editor.name('splitter', edited.splitter, 'algorithm', 'splitter algorithm override', splitterNames);
  editSchedule(editor, edited.scheduling);
  editActions(editor, edited.actions, options.scripts);
  editShadowCopy(editor, edited);
  editLogging(editor, edited);
  editUpload(editor, edited, options.target ?? GLOBAL);
  if (flags.inherit !== undefined) {
    editor.changes++;
    if (flags.inherit) delete edited.noParent;
    else edited.noParent = true;
  }
  if (editor.changes === 0) {
    throw new CairnError('usage', 'no changes specified', { hint: 'name what to set, for example --keep-latest=30' });
  }
  validatePolicy(options.target ?? GLOBAL, edited);
  return { policy: edited, lines: editor.lines };
}

function editRetention(editor: Editor, { retention }: Policy): void {
  editor.count('keep-annual', retention, 'keepAnnual', 'number of annual backups to keep');
  editor.count('keep-monthly', retention, 'keepMonthly', 'number of monthly backups to keep');
  editor.count('keep-weekly', retention, 'keepWeekly', 'number of weekly backups to keep');
  editor.count('keep-daily', retention, 'keepDaily', 'number of daily backups to keep');
  editor.count('keep-hourly', retention, 'keepHourly', 'number of hourly backups to keep');
  editor.count('keep-latest', retention, 'keepLatest', 'number of latest backups to keep');
  const identical = 'do not save identical snapshots';
  editor.truth('ignore-identical-snapshots', retention, 'ignoreIdenticalSnapshots', identical);
}

function editFiles(editor: Editor, { files }: Policy): void {
  editor.bytes('max-file-size', files, 'maxFileSize', 'maximum file size');
  editor.list(files, 'ignoreDotFiles', 'dot-ignore filenames', {
    add: 'add-dot-ignore',
    remove: 'remove-dot-ignore',
    clear: 'clear-dot-ignore',
    check: () => {},
  });
  editor.list(files, 'ignore', 'ignore rules', {
    add: 'add-ignore',
    remove: 'remove-ignore',
    clear: 'clear-ignore',
    check: compilePattern,
  });
  editor.truth('ignore-cache-dirs', files, 'ignoreCacheDirs', 'ignore cache dirs');
  editor.truth('one-file-system', files, 'oneFileSystem', 'one filesystem');
}

function editErrorHandling(editor: Editor, { errorHandling }: Policy): void {
  editor.truth('ignore-file-errors', errorHandling, 'ignoreFileErrors', 'ignore file errors');
  editor.truth('ignore-dir-errors', errorHandling, 'ignoreDirectoryErrors', 'ignore directory errors');
  editor.truth('ignore-unknown-types', errorHandling, 'ignoreUnknownTypes', 'ignore unknown types');
}

function editCompression(editor: Editor, { compression, metadataCompression }: Policy): void {
  editor.bytes('compression-min-size', compression, 'minSize', 'minimum file size subject to compression');
  editor.bytes('compression-max-size', compression, 'maxSize', 'maximum file size subject to compression');
  editor.name('compression', compression, 'compressorName', 'compression algorithm', compressorNames);
  editor.list(compression, 'onlyCompress', 'only-compress extensions', {
    add: 'add-only-compress',
    remove: 'remove-only-compress',
    clear: 'clear-only-compress',
    check: () => {},
  });
  editor.list(compression, 'neverCompress', 'never-compress extensions', {
    add: 'add-never-compress',
    remove: 'remove-never-compress',
    clear: 'clear-never-compress',
    check: () => {},
  });
  const metadata = 'metadata compression algorithm';
  editor.name('metadata-compression', metadataCompression, 'compressorName', metadata, compressorNames);
}

const shadowCopyModes = ['never', 'always', 'when-available'];

function editShadowCopy(editor: Editor, { osSnapshots }: Policy): void {
  const flag = 'enable-volume-shadow-copy';
  const text = editor.given(flag, osSnapshots.volumeShadowCopy, 'enable', 'enable volume shadow copy');
  if (text === undefined) return;
  const mode = editor.choice(flag, text, shadowCopyModes);
  osSnapshots.volumeShadowCopy.enable = shadowCopyModes.indexOf(mode);
  editor.did(`setting "enable volume shadow copy" to ${mode}.`);
}

function editLogging(editor: Editor, { logging: { directories, entries } }: Policy): void {
  editor.count('log-dir-snapshotted', directories, 'snapshotted', 'directory snapshotted detail', 10);
  editor.count('log-dir-ignored', directories, 'ignored', 'directory ignored detail', 10);
  editor.count('log-entry-snapshotted', entries, 'snapshotted', 'entry snapshotted detail', 10);
  editor.count('log-entry-ignored', entries, 'ignored', 'entry ignored detail', 10);
  editor.count('log-entry-cache-hit', entries, 'cacheHit', 'entry cache hit detail', 10);
  editor.count('log-entry-cache-miss', entries, 'cacheMiss', 'entry cache miss detail', 10);
}

function editUpload(editor: Editor, { upload }: Policy, target: SourceInfo): void {
  editor.count('max-parallel-file-reads', upload, 'maxParallelFileReads', 'max parallel file reads');
  editor.count('max-parallel-snapshots', upload, 'maxParallelSnapshots', 'max parallel snapshots');
  if (target.path !== '' && upload.maxParallelSnapshots !== undefined && editor.flags['max-parallel-snapshots']) {
    throw editor.refuse('max-parallel-snapshots', 'is not for paths', 'set it on user@host, on @host or with --global');
  }
  const above = 'parallel upload above size';
  editor.mebibytes('parallel-upload-above-size-mib', upload, 'parallelUploadAboveSize', above);
}
