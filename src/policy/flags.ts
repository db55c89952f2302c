/** The flags of `policy set`, by their names on the command line (spec/cli.md section 4.5). */

/** A number, or `inherit` or `default` to take it from above. */
type Count = string;
/** `true`, `false` or `inherit`. */
type Tri = string;

export interface PolicyFlags {
  inherit?: boolean;
  'keep-latest'?: Count;
  'keep-hourly'?: Count;
  'keep-daily'?: Count;
  'keep-weekly'?: Count;
  'keep-monthly'?: Count;
  'keep-annual'?: Count;
  'ignore-identical-snapshots'?: Tri;
  'max-file-size'?: Count;
  'add-dot-ignore'?: readonly string[];
  'remove-dot-ignore'?: readonly string[];
  'clear-dot-ignore'?: boolean;
  'add-ignore'?: readonly string[];
  'remove-ignore'?: readonly string[];
  'clear-ignore'?: boolean;
  'ignore-cache-dirs'?: Tri;
  'one-file-system'?: Tri;
  'ignore-file-errors'?: Tri;
  'ignore-dir-errors'?: Tri;
  'ignore-unknown-types'?: Tri;
  compression?: string;
  'compression-min-size'?: Count;
  'compression-max-size'?: Count;
  'add-only-compress'?: readonly string[];
  'remove-only-compress'?: readonly string[];
  'clear-only-compress'?: boolean;
  'add-never-compress'?: readonly string[];
  'remove-never-compress'?: readonly string[];
  'clear-never-compress'?: boolean;
  'metadata-compression'?: string;
  splitter?: string;
  /** Nanoseconds; of several the first counts, as in Kopia. */
  'snapshot-interval'?: bigint | readonly bigint[];
  'snapshot-time'?: readonly string[];
  'snapshot-time-crontab'?: string;
  'run-missed'?: Tri;
  manual?: boolean;
  /** Command line; `-` or absent leaves it, empty or `none` removes it. */
  'before-folder-action'?: string;
  'after-folder-action'?: string;
  'before-snapshot-root-action'?: string;
  'after-snapshot-root-action'?: string;
  /** Nanoseconds. */
  'action-command-timeout'?: bigint;
  'action-command-mode'?: string;
  'persist-action-script'?: boolean;
  'enable-volume-shadow-copy'?: string;
  'log-dir-snapshotted'?: Count;
  'log-dir-ignored'?: Count;
  'log-entry-snapshotted'?: Count;
  'log-entry-ignored'?: Count;
  'log-entry-cache-hit'?: Count;
  'log-entry-cache-miss'?: Count;
  'max-parallel-file-reads'?: Count;
  'max-parallel-snapshots'?: Count;
  'parallel-upload-above-size-mib'?: Count;
}

export type FlagName = keyof PolicyFlags;
/** The flags whose value is a text. */
export type TextFlag = { [K in FlagName]: NonNullable<PolicyFlags[K]> extends string ? K : never }[FlagName];
/** The flags that may be given several times with texts. */
export type ListFlag = {
  [K in FlagName]: readonly string[] extends NonNullable<PolicyFlags[K]> ? K : never;
}[FlagName];

export const actionFlags = [
  'before-folder-action',
  'after-folder-action',
  'before-snapshot-root-action',
  'after-snapshot-root-action',
] as const satisfies readonly TextFlag[];
