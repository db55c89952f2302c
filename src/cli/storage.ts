/** Storages as commands use them: the provider, then limits, then the log (the order of src/blob/README.md). */
import { LoggingStorage } from '../blob/logging.ts';
import { openStorage } from '../blob/registry.ts';
import type { BlobStorage, ConnectionInfo } from '../blob/storage.ts';
import { parseThrottlingLimits, ThrottledStorage } from '../blob/throttle.ts';
import type { JsonObject } from '../bytes/json.ts';
import { CairnError } from '../errors.ts';
import type { ClientConfig } from './config/file.ts';
import type { Context } from './context.ts';

export interface StorageOptions {
  create?: boolean;
  readOnly?: boolean;
  /** `throttlingLimits` of the connection file; they replace those of the storage's own configuration. */
  limits?: JsonObject;
}

/** Without the signal of an interrupt: what was read until then is still to be stored. A second interrupt does not wait. */
export async function openContextStorage(
  { ports, console, flags }: Context,
  info: ConnectionInfo,
  { create, readOnly, limits }: StorageOptions = {},
): Promise<BlobStorage> {
  let storage = await openStorage(info, ports, {
    create,
    readOnly,
    warn: (message) => console.warning(message),
  });
  const throttling = parseThrottlingLimits(limits ?? info.config);
  if (Object.keys(throttling).length > 0) storage = new ThrottledStorage(storage, throttling, ports.clock);
  if (flags.text('log-level') !== 'debug' || !flags.bool('trace-storage')) return storage;
  return new LoggingStorage(
    storage,
    ({ method, id, milliseconds, outcome, bytes, listed }) => {
      const counted = listed === undefined ? `${bytes} bytes` : `${listed} blobs`;
      console.debug(`[STORAGE] ${method} ${id} ${outcome} ${counted} ${milliseconds.toFixed(1)}ms`);
    },
    ports.clock,
  );
}

/** The storage that a connection file names. */
export function storageOf({ storage, apiServer }: ClientConfig, configFile: string): ConnectionInfo {
  if (storage !== undefined) return storage;
  throw apiServer === undefined
    ? new CairnError('corrupt', `${configFile} names no storage`, { hint: 'connect again' })
    : new CairnError('unsupported', 'connections through a repository server are not there yet', {
        data: { configFile },
        hint: 'connect to the storage itself',
      });
}
