import type { Ports, Spawn, WorkerChannel } from '../../src/ports.ts';
import { serve } from '../../src/restore/worker.ts';

/** Workers in this thread behind real channels; `kill` ends the first as a crash does. */
export function localWorkers(made: () => Ports) {
  const failing: ((error: Error) => void)[] = [];
  const workers = {
    started: 0,
    closed: 0,
    posts: 0,
    kill: (error: Error) => failing[0](error),
    spawn: (() => {
      workers.started++;
      const { port1, port2 } = new MessageChannel();
      serve(made(), {
        post: (message, transfer = []) => port2.postMessage(message, transfer),
        onMessage: (handler) => void (port2.onmessage = (event) => handler(event.data)),
      });
      return {
        post(message, transfer = []) {
          workers.posts++;
          port1.postMessage(message, transfer);
        },
        onMessage: (handler) => void (port1.onmessage = (event) => handler(event.data)),
        onError: (handler) => void failing.push(handler),
        close() {
          workers.closed++;
          port1.close();
          port2.close();
        },
      } satisfies WorkerChannel;
    }) as Spawn,
  };
  return workers;
}
