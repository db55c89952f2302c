import type { Ports, Spawn, SyncFiles, WorkerChannel } from '../../src/ports.ts';
import { serve as serveLook } from '../../src/upload/look-worker.ts';
import { serve as serveUpload, type WorkerPort } from '../../src/upload/worker.ts';

export interface FileHooks {
  /** Called before each call; what it throws is what the caller gets. */
  before?(call: keyof SyncFiles, path: string): void;
  /** Changes the names of a directory. */
  names?(path: string, names: string[]): string[];
  lstat?(path: string, stat: ReturnType<SyncFiles['lstat']>): ReturnType<SyncFiles['lstat']>;
}

/** A synchronous file port with hooks; `read` and `close` are told the path that was opened. */
export function hookedSyncFiles(inner: SyncFiles, hooks: FileHooks): SyncFiles {
  const paths = new Map<number, string>();
  return {
    names(path) {
      hooks.before?.('names', path);
      const names = inner.names(path);
      return hooks.names?.(path, names) ?? names;
    },
    lstat(path) {
      hooks.before?.('lstat', path);
      const stat = inner.lstat(path);
      return hooks.lstat?.(path, stat) ?? stat;
    },
    readLink(path) {
      hooks.before?.('readLink', path);
      return inner.readLink(path);
    },
    openRead(path) {
      hooks.before?.('openRead', path);
      const handle = inner.openRead(path);
      paths.set(handle, path);
      return handle;
    },
    read(handle, into, position) {
      hooks.before?.('read', paths.get(handle)!);
      return inner.read(handle, into, position);
    },
    close(handle) {
      paths.delete(handle);
      inner.close(handle);
    },
  };
}

export interface LocalWorkers {
  spawn: Spawn;
  started: number;
  /** Sealed contents that came too late to be stored. */
  dropped: number;
  /** Tells the owner that its workers died. */
  kill(error: Error): void;
}

/**
 * Workers that live in this thread, each with its own ports and a real message channel between: what the worker program
 * does can be hooked and it runs the sources rather than the built program. `delay` holds back what a worker answers.
 */
export function localWorkers(
  makePorts: (worker: number) => Ports,
  delay?: (worker: number, message: { kind: string }) => Promise<void> | undefined,
): LocalWorkers {
  const failing = new Set<(error: Error) => void>();
  const workers: LocalWorkers = {
    started: 0,
    dropped: 0,
    kill: (error) => failing.forEach((fail) => fail(error)),
    spawn: (program): WorkerChannel => {
      const number = workers.started++;
      const { port1, port2 } = new MessageChannel();
      let closed = false;
      let tail: Promise<void> = Promise.resolve();
      let receive: (message: unknown) => void = () => {};
      const port: WorkerPort = {
        post: (message, transfer = []) => port2.postMessage(message, transfer),
        onMessage: (handler) => void (port2.onmessage = (event) => !closed && handler(event.data)),
      };
      if (program === 'look') serveLook(makePorts(number).syncFiles!, port);
      else serveUpload(makePorts(number), port);
      port1.onmessage = (event) => {
        const message = event.data as { kind: string };
        tail = tail
          .then(() => delay?.(number, message))
          .then(() => {
            if (!closed) receive(message);
            else if (message.kind === 'sealed') workers.dropped++;
          });
      };
      return {
        post: (message, transfer = []) => !closed && port1.postMessage(message, transfer),
        onMessage: (handler) => void (receive = handler),
        onError: (handler) => void failing.add(handler),
        close() {
          closed = true;
          port1.close();
          port2.close();
        },
      };
    },
  };
  return workers;
}
