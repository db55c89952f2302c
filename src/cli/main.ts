/** The command line program. Everything it needs comes by ports; it ends with an exit code and never throws. */
import { CairnError } from '../errors.ts';
import type { Ports } from '../ports.ts';

declare const CAIRN_VERSION: string;

/** `cairn --version` in Kopia's form; nothing else is loaded for it. */
function versionText({ environment }: Ports): string {
  const runtime = environment === undefined ? 'unknown' : `${environment.runtime}-${environment.runtimeVersion}`;
  return `${CAIRN_VERSION} build: ${runtime} from: cairn-backup\n`;
}

/** Runs one command line, without the program's name. Gives the exit code (spec/cli.md section 9). */
export async function run(argv: readonly string[], ports: Ports): Promise<number> {
  const { terminal, environment } = ports;
  if (terminal === undefined || environment === undefined)
    throw new CairnError('unsupported', 'the command line needs the terminal and environment ports');
  const end = argv.indexOf('--');
  if (argv.slice(0, end < 0 ? undefined : end).includes('--version')) {
    await terminal.out(versionText(ports));
    return 0;
  }
  const { runProgram } = await import('./program.ts');
  return runProgram(argv, { ...ports, terminal, environment });
}
