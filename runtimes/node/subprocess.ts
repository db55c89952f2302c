import { spawn, type ChildProcess } from 'node:child_process';
import { Buffer } from 'node:buffer';
import process from 'node:process';
import type { Subprocess } from '../../src/ports.ts';

const KEPT = 1 << 20;
const posix = process.platform !== 'win32';
/** After a kill, output that grandchildren hold open is waited for no longer than this. */
const GRACE = 500;

export const subprocess: Subprocess = {
  run(command, args, { cwd, env, timeout, input, onStderr, background = false, terminal = false, signal } = {}) {
    return new Promise((resolve, reject) => {
      // a group of its own, so that a kill reaches what it started
      const child = spawn(command, args, {
        cwd,
        env: { ...process.env, ...env },
        detached: posix && !terminal,
        stdio: background ? 'ignore' : terminal ? 'inherit' : ['pipe', 'pipe', 'pipe'],
        windowsHide: true,
      });
      child.once('error', reject);
      if (background) {
        child.once('spawn', () => {
          child.unref();
          resolve({ status: 0, stdout: new Uint8Array(0), timedOut: false });
        });
        return;
      }
      if (terminal) {
        child.once('close', (status) =>
          resolve({ status: status ?? undefined, stdout: new Uint8Array(0), timedOut: false }),
        );
        return;
      }
      const parts: Uint8Array[] = [];
      let length = 0;
      let timedOut = false;
      let settle: ReturnType<typeof setTimeout> | undefined;
      child.stdout!.on('data', (data: Uint8Array) => {
        if (length < KEPT) parts.push(data.subarray(0, KEPT - length));
        length += data.length;
      });
      child.stderr!.on('data', (data: Uint8Array) => onStderr?.(data));
      // one that reads nothing may close its input early
      child.stdin!.on('error', () => {});
      child.stdin!.end(input);
      const finish = (status: number | null) => {
        clearTimeout(timer);
        clearTimeout(settle);
        signal?.removeEventListener('abort', stop);
        child.stdout!.destroy();
        child.stderr!.destroy();
        resolve({ status: status ?? undefined, stdout: Uint8Array.from(Buffer.concat(parts)), timedOut });
      };
      const stop = () => {
        kill(child);
        settle ??= setTimeout(() => finish(null), GRACE);
      };
      const timer =
        timeout === undefined
          ? undefined
          : setTimeout(() => {
              timedOut = true;
              stop();
            }, timeout);
      if (signal?.aborted) stop();
      signal?.addEventListener('abort', stop, { once: true });
      child.once('close', finish);
    });
  },
};

function kill(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    if (posix) process.kill(-child.pid, 'SIGKILL');
    else child.kill('SIGKILL');
  } catch {
    // it ended by itself
  }
}
