/** Run by terminal.test.ts with one of the orders below. */
import process from 'node:process';
import { terminal } from '../../runtimes/node/terminal.ts';

const report = (value: unknown) => terminal.out(`<${JSON.stringify(value ?? null)}>`);

switch (process.argv[2]) {
  case 'secret':
    await report(await terminal.askSecret('Secret: ').catch((error: { code: string }) => error.code));
    break;
  case 'ask':
    await report([await terminal.ask('One: '), await terminal.ask('Two: ')]);
    break;
  case 'input': {
    let length = 0;
    for await (const chunk of terminal.input()) length += chunk.length;
    await report([length, terminal.inIsTerminal, terminal.outIsTerminal, terminal.columns]);
    break;
  }
  case 'many':
    try {
      for (let line = 0; line < 200_000; line++) await terminal.out(`line ${line}\n`);
      terminal.err('all\n');
    } catch (error) {
      terminal.err(String((error as { code?: string }).code) + '\n');
    }
    break;
  case 'interrupt': {
    const stop = terminal.onInterrupt((signal) => {
      stop();
      void report(signal).then(() => process.exit(0));
    });
    setTimeout(() => {}, 20_000);
    await terminal.out('ready');
  }
}
if (process.argv[2] !== 'interrupt') process.exit(0);
