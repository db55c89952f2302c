import { parentChannel } from '../../runtimes/node/channel.ts';

/** Sends everything back, transferring what came as a buffer; `fail` and `exit` are obeyed. */
const channel = parentChannel();
channel.onMessage((message) => {
  if (message === 'fail') throw new Error('as asked');
  if (message === 'exit') process.exit(7);
  channel.post(message, message instanceof ArrayBuffer ? [message] : []);
});
