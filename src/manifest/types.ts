import type { Json } from '../bytes/json.ts';

export type Labels = Record<string, string>;

export interface ManifestMetadata {
  id: string;
  labels: Labels;
  /** Nanoseconds since 1970. */
  modified: bigint;
  /** Length of the stored JSON in bytes. */
  length: number;
}

/** Labelled JSON items (spec/repository-format.md section 14). */
export interface ManifestReader {
  /** Items that carry all the given labels, oldest first. */
  find(labels: Labels): Promise<ManifestMetadata[]>;
  /** `manifest-not-found` when there is none. */
  get(id: string): Promise<{ metadata: ManifestMetadata; data: Json }>;
}

export interface ManifestWriter extends ManifestReader {
  /** Label `type` is mandatory. Returns the new ID; visible to others after the next flush. */
  put(labels: Labels, data: Json): Promise<string>;
  delete(id: string): Promise<void>;
}
