import type { Ports } from '../ports.ts';
import type { BlobStorage, ConnectionInfo } from './storage.ts';

/** What providers may ask of the runtime. */
export type StoragePorts = Pick<Ports, 'clock' | 'random' | 'files' | 'fetch' | 'environment'>;

export interface OpenStorageOptions {
  /** The storage is to hold a new repository: its root may be made. Otherwise it must be there. */
  create?: boolean;
  /** Gives a storage that refuses to change anything. */
  readOnly?: boolean;
  /** Ends waiting between tries. */
  signal?: AbortSignal;
  /** Told, as a sentence for people, what went wrong without making a call fail. */
  warn?: (message: string) => void;
}

/** Opens a storage of one type; the connection's `config` is as the configuration file holds it. */
export type OpenProvider = (
  info: ConnectionInfo,
  ports: StoragePorts,
  options: OpenStorageOptions,
) => Promise<BlobStorage>;
