import type { FileHandle, Files } from '../../src/ports.ts';

export type FileCall = keyof Omit<Files, 'separator'> | 'read' | 'write' | 'sync' | 'close' | 'handleStat' | 'truncate';

export interface FileEvent {
  call: FileCall;
  path: string;
}

export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: made up`), { code });
}

/**
 * A file port that tells every call to `hook` before doing it; what the hook throws is what the caller gets. With it
 * come faults of any call, crashes after any call, and the order of calls.
 */
export function hookedFiles(inner: Files, hook: (event: FileEvent) => void | Promise<void>): Files {
  const wrapHandle = (path: string, handle: FileHandle): FileHandle => {
    const on =
      <A extends unknown[], R>(call: FileCall, run: (...args: A) => Promise<R>) =>
      async (...args: A): Promise<R> => {
        await hook({ call, path });
        return run(...args);
      };
    return {
      read: on('read', (into: Uint8Array, position: number) => handle.read(into, position)),
      write: on('write', (data: Uint8Array, position: number) => handle.write(data, position)),
      truncate: on('truncate', (length: number) => handle.truncate(length)),
      stat: on('handleStat', () => handle.stat()),
      sync: on('sync', () => handle.sync()),
      close: async () => {
        await handle.close();
        await hook({ call: 'close', path });
      },
    };
  };
  const members = Object.entries(inner).map(([call, run]) => {
    if (typeof run !== 'function') return [call, run];
    const wrapped = async (path: string, ...rest: unknown[]) => {
      await hook({ call: call as FileCall, path });
      const result = await (run as (...args: unknown[]) => Promise<unknown>).call(inner, path, ...rest);
      return call === 'open' ? wrapHandle(path, result as FileHandle) : result;
    };
    return [call, wrapped];
  });
  return Object.fromEntries(members) as Files;
}
