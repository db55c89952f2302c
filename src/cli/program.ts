/** One command from its words to its exit code. */
import { CairnError, isCairnError, systemCode } from '../errors.ts';
import type { Environment, Ports, Terminal } from '../ports.ts';
import { Context } from './context.ts';
import { Flags } from './flags.ts';
import { commandHelp, programHelp } from './help.ts';
import { knownCommand } from './outline.ts';
import { wantsColor } from './output/color.ts';
import { Console, type LogLevel } from './output/console.ts';
import { asCairnError, exitCode, printFailure } from './output/failure.ts';
import { Times } from './output/times.ts';
import { didYouMean, parseCommand, parseGlobals, unknownFlag, walkWords, type Texts } from './parse.ts';
import type { CommandTable } from './table.ts';
import { globalFlags } from './tables/global.ts';
import { findGroup, groups } from './tables/index.ts';

export type CliPorts = Ports & { terminal: Terminal; environment: Environment };

export async function runProgram(argv: readonly string[], ports: CliPorts): Promise<number> {
  let console = new Console(ports.terminal, ports.clock, { color: { out: false, err: ports.terminal.errIsTerminal } });
  // Until the flags are known, the words themselves say whether failures are to be JSON.
  let json = argv.includes('--json');
  try {
    if (argv[0] === '--completion-bash') {
      const { complete } = await import('./completion.ts');
      await ports.terminal.out((await complete(argv.slice(1))).map((word) => word + '\n').join(''));
      return 0;
    }
    const invocation = await parse(argv, ports);
    if ('page' in invocation) {
      await ports.terminal.out(invocation.page);
      return 0;
    }
    const { flags } = invocation;
    console = makeConsole(flags, ports);
    json = flags.has('json-indent') && flags.has('json') && flags.bool('json');
    return await runVerb(invocation, console, ports);
  } catch (thrown) {
    await console.flush().catch(() => {});
    if (console.deserted) return 1;
    const error = await explained(asCairnError(thrown));
    printFailure(console, error, json);
    return exitCode(error, ports.environment.variable('CAIRN_EXIT_CODES') === 'kopia');
  }
}

interface Invocation {
  path: CommandTable[];
  args: string[];
  flags: Flags;
}

async function parse(argv: readonly string[], ports: CliPorts): Promise<Invocation | { page: string }> {
  const texts: Texts = new Map();
  const { words, rest } = parseGlobals(argv, texts);
  const width = Math.min(Math.max(ports.terminal.outIsTerminal ? ports.terminal.columns : 80, 60), 120);
  const on = (name: string) => texts.get(name)?.at(-1) === 'true';
  if (on('completion-script-bash') || on('completion-script-zsh')) {
    const { completionScript } = await import('./completion.ts');
    return { page: completionScript(on('completion-script-bash') ? 'bash' : 'zsh') };
  }
  const full = on('help-full') || on('help-long') || on('help-man');
  const wantsHelp = full || on('help') || words[0] === 'help' || rest.length === 0;
  const asked = words[0] === 'help' ? words.slice(1) : words;
  if (wantsHelp) return { page: await helpPage(asked, full, width) };
  if (words.length === 0) throw unknownFlag(rest[0], globalFlags);
  const group = await loadGroup(words);
  if (knownCommand(words).length > walkWords(group, words.slice(1)).length) notThereYet(words);
  const { path, args } = parseCommand(group, rest.slice(1), texts);
  const scope = [...globalFlags, ...path.flatMap((table) => table.flags ?? [])];
  const flags = new Flags(scope, texts, ports.environment);
  await checkPaths(flags, ports);
  return { path, args, flags };
}

async function helpPage(words: readonly string[], full: boolean, width: number): Promise<string> {
  if (words.length === 0) {
    const tables = await Promise.all(groups.map((group) => group.load()));
    return programHelp(tables, globalFlags, full, width);
  }
  const path = walkWords(await loadGroup(words), words.slice(1));
  return commandHelp(path, globalFlags, full, width);
}

async function loadGroup(words: readonly string[]): Promise<CommandTable> {
  const group = findGroup(words[0]);
  if (group !== undefined) return group.load();
  notThereYet(words);
  const names = groups.flatMap((entry) => [entry.name, ...(entry.aliases ?? [])]);
  throw new CairnError('usage', `expected command but got "${words[0]}"`, didYouMean(words[0], names));
}

/** Kopia's commands that have no table yet are refused by name. */
function notThereYet(words: readonly string[]): void {
  const known = knownCommand(words);
  if (known.length === 0) return;
  throw new CairnError('unsupported', `'${known.join(' ')}' is not there yet`, {
    data: { command: known.join(' ') },
    hint: 'Kopia can run it on the same repository',
  });
}

/** XF, XD and XP: the path must be there. */
async function checkPaths(flags: Flags, { files }: CliPorts): Promise<void> {
  for (const [flag, values] of flags.entries()) {
    if (!flag.type.startsWith('X')) continue;
    for (const value of values as readonly string[]) {
      const stat = await files?.stat(value).catch((error: unknown) => {
        if (systemCode(error) === undefined) throw error;
        return undefined;
      });
      if (stat === undefined) throw new CairnError('usage', `path '${value}' does not exist`);
      if (flag.type === 'XF' && stat.kind === 'directory') throw new CairnError('usage', `'${value}' is a directory`);
      if (flag.type === 'XD' && stat.kind !== 'directory') throw new CairnError('usage', `'${value}' is a file`);
    }
  }
}

function makeConsole(flags: Flags, { terminal, clock, environment }: CliPorts): Console {
  const choice = { color: flags.text('color'), force: flags.bool('force-color'), disable: flags.bool('disable-color') };
  return new Console(terminal, clock, {
    level: flags.text('log-level') as LogLevel,
    color: {
      out: wantsColor(choice, environment, terminal.outIsTerminal),
      err: wantsColor(choice, environment, terminal.errIsTerminal),
    },
    // with progress as JSON every line of standard error is
    jsonLog: flags.bool('json-log-console') || flags.text('progress-format') === 'json',
    timestamps: flags.bool('console-timestamps'),
  });
}

async function runVerb({ path, args, flags }: Invocation, console: Console, ports: CliPorts): Promise<number> {
  const command = path.at(-1)!;
  if (command.run === undefined) throw new CairnError('internal', `no verb behind '${command.name}'`);
  const interrupted = new AbortController();
  const context = new Context({
    ports,
    environment: ports.environment,
    terminal: ports.terminal,
    path: path.map((table) => table.name),
    args,
    flags,
    console,
    times: new Times(flags.text('timezone') || undefined),
    signal: interrupted.signal,
  });
  // The first interrupt lets the verb end in order; the second does not wait for it.
  let giveUp: ((error: CairnError) => void) | undefined;
  const second = new Promise<never>((_, reject) => (giveUp = reject));
  second.catch(() => {});
  const stopListening = ports.terminal.onInterrupt((name) => {
    if (interrupted.signal.aborted) giveUp?.(new CairnError('canceled', `interrupted (${name})`));
    else interrupted.abort(new CairnError('canceled', `interrupted (${name})`));
  });
  try {
    const { run } = await command.run();
    const code = await Promise.race([run(context), second]);
    await console.flush();
    return code ?? 0;
  } finally {
    stopListening();
  }
}

/** Adds to an unknown flag where it belongs, when some other command has it. */
async function explained(error: CairnError): Promise<CairnError> {
  const flag = /^unknown long flag '--(?:no-)?([\w-]+)'$/.exec(error.message)?.[1];
  if (!isCairnError(error, 'usage') || flag === undefined || error.hint !== undefined) return error;
  const owners: string[] = [];
  const visit = (table: CommandTable, names: string): void => {
    if (table.flags?.some(({ name }) => name === flag)) owners.push(`'${names}${table.name}'`);
    for (const sub of table.commands ?? []) visit(sub, `${names}${table.name} `);
  };
  for (const group of groups) visit(await group.load(), '');
  if (owners.length === 0) return error;
  return new CairnError('usage', error.message, { hint: `'--${flag}' belongs to ${owners.slice(0, 3).join(', ')}` });
}
