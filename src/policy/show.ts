/** The text form of `policy show`, line by line as Kopia prints it. */
import { formatDuration } from '../bytes/duration.ts';
import { formatSize } from '../bytes/size.ts';
import type { EffectivePolicy } from './merge.ts';
import type { ActionCommand, Large } from './policy.ts';
import { formatTimeOfDay } from './schedule.ts';
import { type SourceInfo, formatSource, sameSource } from './source.ts';

interface Row {
  name: string;
  value: string;
  origin: string;
}

const row = (name: string, value = '', origin = ''): Row => ({ name, value, origin });
const list = (items: readonly string[], indent = '    '): Row[] => items.map((item) => row(indent + item));
const count = (value: Large | undefined): string => (value === undefined ? '-' : String(value));

export interface ShowOptions {
  /** Sizes in KiB rather than KB. */
  base2?: boolean;
}

/** The whole text with its final newline. Says last where inheritance stops, which Kopia does not. */
export function showPolicy(effective: EffectivePolicy, options: ShowOptions = {}): string {
  const printer = new Printer(effective, options.base2 ?? false);
  const sections = [
    printer.retention(),
    printer.files(),
    printer.errorHandling(),
    printer.scheduling(),
    printer.uploads(),
    printer.compression(),
    printer.metadataCompression(),
    printer.splitter(),
    printer.actions(),
    printer.shadowCopy(),
    printer.logging(),
    printer.inheritance(),
  ].filter((rows) => rows.length > 0);
  const rows = sections.flatMap((section, i) => (i === 0 ? section : [row(''), ...section]));
  return `Policy for ${formatSource(effective.target)}:\n\n${align(rows)}\n`;
}

/** Values end in one column, origins begin in another. */
function align(rows: readonly Row[]): string {
  const width = Math.max(0, ...rows.map(({ name, value }) => (value === '' ? 0 : name.length + 3 + value.length)));
  return rows
    .map(({ name, value, origin }) => {
      if (value === '' && origin === '') return name;
      const line = name + value.padStart(width - name.length);
      return origin === '' ? line : `${line}   ${origin}`;
    })
    .join('\n');
}

class Printer {
  private readonly effective: EffectivePolicy;
  private readonly base2: boolean;

  constructor(effective: EffectivePolicy, base2: boolean) {
    this.effective = effective;
    this.base2 = base2;
  }

  private from(origin: SourceInfo): string {
    if (sameSource(origin, this.effective.target)) return '(defined for this target)';
    return `inherited from ${formatSource(origin)}`;
  }

  private size(bytes: Large = 0): string {
    return formatSize(bytes, this.base2);
  }

  retention(): Row[] {
    const { policy, definition } = this.effective;
    const kept = (name: string, key: Exclude<keyof typeof policy.retention, 'ignoreIdenticalSnapshots'>): Row =>
      row(`  ${name} snapshots:`, count(policy.retention[key]), this.from(definition.retention[key]));
    return [
      row('Retention:'),
      kept('Annual', 'keepAnnual'),
      kept('Monthly', 'keepMonthly'),
      kept('Weekly', 'keepWeekly'),
      kept('Daily', 'keepDaily'),
      kept('Hourly', 'keepHourly'),
      kept('Latest', 'keepLatest'),
      row(
        '  Ignore identical snapshots:',
        String(policy.retention.ignoreIdenticalSnapshots ?? false),
        this.from(definition.retention.ignoreIdenticalSnapshots),
      ),
    ];
  }

  files(): Row[] {
    const { files } = this.effective.policy;
    const origin = this.effective.definition.files;
    const { ignore = [], ignoreDotFiles = [], maxFileSize = 0 } = files;
    return [
      row('Files policy:'),
      row('  Ignore cache directories:', String(files.ignoreCacheDirs ?? true), this.from(origin.ignoreCacheDirs)),
      ignore.length === 0 ? row('  No ignore rules:') : row('  Ignore rules:', '', this.from(origin.ignore)),
      ...list(ignore),
      ...(ignoreDotFiles.length === 0
        ? []
        : [row('  Read ignore rules from files:', '', this.from(origin.ignoreDotFiles)), ...list(ignoreDotFiles)]),
      ...(maxFileSize > 0 ? [row('  Ignore files above:', this.size(maxFileSize), this.from(origin.maxFileSize))] : []),
      row('  Scan one filesystem only:', String(files.oneFileSystem ?? false), this.from(origin.oneFileSystem)),
    ];
  }

  errorHandling(): Row[] {
    const { ignoreFileErrors, ignoreDirectoryErrors, ignoreUnknownTypes } = this.effective.policy.errorHandling;
    const origin = this.effective.definition.errorHandling;
    return [
      row('Error handling policy:'),
      row('  Ignore file read errors:', String(ignoreFileErrors ?? false), this.from(origin.ignoreFileErrors)),
      row(
        '  Ignore directory read errors:',
        String(ignoreDirectoryErrors ?? false),
        this.from(origin.ignoreDirectoryErrors),
      ),
      row('  Ignore unknown types:', String(ignoreUnknownTypes ?? true), this.from(origin.ignoreUnknownTypes)),
    ];
  }

  scheduling(): Row[] {
    const { intervalSeconds = 0, timeOfDay = [], cron = [], manual, runMissed } = this.effective.policy.scheduling;
    const origin = this.effective.definition.scheduling;
    const rows = [row('Scheduling policy:'), row('  Scheduled snapshots:')];
    if (intervalSeconds) {
      const interval = formatDuration(BigInt(intervalSeconds) * 1_000_000_000n);
      rows.push(row('    Snapshot interval:', interval, this.from(origin.intervalSeconds)));
    }
    if (timeOfDay.length > 0) {
      rows.push(
        row('  Run missed snapshots:', String(runMissed ?? false), this.from(origin.runMissed)),
        row('  Snapshot times:', '', this.from(origin.timeOfDay)),
        ...list(timeOfDay.map(formatTimeOfDay)),
      );
    }
    if (cron.length > 0) rows.push(row('  Crontab expressions:', '', this.from(origin.cron)), ...list(cron));
    if (rows.length === 2) rows.push(row('    None.'));
    rows.push(row('  Manual snapshot:', String(manual ?? false), this.from(origin.manual)));
    return rows;
  }

  uploads(): Row[] {
    const { maxParallelSnapshots, maxParallelFileReads, parallelUploadAboveSize } = this.effective.policy.upload;
    const origin = this.effective.definition.upload;
    const above = parallelUploadAboveSize === undefined ? '-' : this.size(parallelUploadAboveSize);
    return [
      row('Uploads:'),
      row('  Max parallel snapshots (server/UI):', count(maxParallelSnapshots), this.from(origin.maxParallelSnapshots)),
      row('  Max parallel file reads:', count(maxParallelFileReads), this.from(origin.maxParallelFileReads)),
      row('  Parallel upload above size:', above, this.from(origin.parallelUploadAboveSize)),
    ];
  }

  compression(): Row[] {
    const {
      compressorName,
      onlyCompress = [],
      neverCompress = [],
      minSize = 0,
      maxSize = 0,
    } = this.effective.policy.compression;
    const origin = this.effective.definition.compression;
    if (compressorName === undefined || compressorName === 'none') return [row('Compression disabled.')];
    const rows = [row('Compression:'), row('  Compressor:', compressorName, this.from(origin.compressorName))];
    if (onlyCompress.length > 0) {
      rows.push(row('  Only compress files with the following extensions:', '', this.from(origin.onlyCompress)));
      rows.push(...list(onlyCompress, '     - '));
    } else if (neverCompress.length > 0) {
      rows.push(row('  Compress all files except the following extensions:', '', this.from(origin.neverCompress)));
      rows.push(...list(neverCompress));
    } else rows.push(row('  Compress files regardless of extensions.'));
    if (maxSize > 0) rows.push(row(`  Only compress files between ${this.size(minSize)} and ${this.size(maxSize)}.`));
    else if (minSize > 0) rows.push(row(`  Only compress files bigger than ${this.size(minSize)}.`));
    else rows.push(row('  Compress files of all sizes.'));
    return rows;
  }

  metadataCompression(): Row[] {
    const { compressorName } = this.effective.policy.metadataCompression;
    if (compressorName === undefined || compressorName === 'none') return [row('Metadata compression disabled.')];
    const origin = this.from(this.effective.definition.metadataCompression.compressorName);
    return [row('Metadata compression:'), row('  Compressor:', compressorName, origin)];
  }

  splitter(): Row[] {
    const algorithm = this.effective.policy.splitter.algorithm || '(repository default)';
    return [
      row('Splitter:'),
      row('  Algorithm override:', algorithm, this.from(this.effective.definition.splitter.algorithm)),
    ];
  }

  actions(): Row[] {
    const { beforeSnapshotRoot, afterSnapshotRoot, beforeFolder, afterFolder } = this.effective.policy.actions;
    const origin = this.effective.definition.actions;
    const rows = [
      ...action('before snapshot root', beforeSnapshotRoot, this.from(origin.beforeSnapshotRoot)),
      ...action('after snapshot root', afterSnapshotRoot, this.from(origin.afterSnapshotRoot)),
      ...action('before this folder', beforeFolder, '(non-inheritable)'),
      ...action('after this folder', afterFolder, '(non-inheritable)'),
    ];
    return rows.length === 0 ? [row('No actions defined.')] : rows;
  }

  shadowCopy(): Row[] {
    const mode = ['never', 'always', 'when-available'][this.effective.policy.osSnapshots.volumeShadowCopy.enable ?? 0];
    const origin = this.effective.definition.osSnapshots.volumeShadowCopy.enable;
    return [row('OS-level snapshot support:'), row('  Volume Shadow Copy:', mode ?? 'never', this.from(origin))];
  }

  logging(): Row[] {
    const { directories, entries } = this.effective.policy.logging;
    const origin = this.effective.definition.logging;
    const detail = (name: string, value: number | undefined, from: SourceInfo): Row =>
      row(`  ${name}:`, String(value ?? 0), this.from(from));
    return [
      row('Logging details (0-none, 10-maximum):'),
      detail('Directory snapshotted', directories.snapshotted, origin.directories.snapshotted),
      detail('Directory ignored', directories.ignored, origin.directories.ignored),
      detail('Entry snapshotted', entries.snapshotted, origin.entries.snapshotted),
      detail('Entry ignored', entries.ignored, origin.entries.ignored),
      detail('Entry cache hit', entries.cacheHit, origin.entries.cacheHit),
      detail('Entry cache miss', entries.cacheMiss, origin.entries.cacheMiss),
    ];
  }

  inheritance(): Row[] {
    const { stoppedAt } = this.effective;
    if (stoppedAt === undefined) return [];
    return [
      row(`Inheritance stops at ${formatSource(stoppedAt)}: nothing is taken from above, nor from built-in values.`),
    ];
  }
}

function action(when: string, command: ActionCommand | undefined, origin: string): Row[] {
  if (command === undefined) return [];
  const { path = '', args = [], script = '', timeout = 0, mode = '' } = command;
  const what =
    script === ''
      ? [row('  Command:'), row(`    ${path} ${args.join(' ')}`)]
      : [row('  Embedded script (stored in repository):'), ...list(script.replace(/\r?\n$/, '').split(/\r?\n/))];
  return [
    row(`Run command ${when}:`, '', origin),
    ...what,
    row('  Mode:', mode || 'sync'),
    row('  Timeout:', formatDuration(BigInt(timeout) * 1_000_000_000n)),
    row(''),
  ];
}
