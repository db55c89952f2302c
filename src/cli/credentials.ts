/** Passwords in commands: what was given, and what to say when it is wrong. */
import { CairnError, fileError, isCairnError, systemCode } from '../errors.ts';
import type { FoundPassword } from './config/password.ts';
import type { Context } from './context.ts';
import { splitWords } from './words.ts';

/** The password of flags, variables, --password-file or --password-command; undefined when none is given. */
export async function givenPassword(context: Context): Promise<FoundPassword | undefined> {
  const { flags } = context;
  const text = flags.text('password')?.trim();
  if (text) return { password: text, origin: 'flag' };
  const file = flags.text('password-file');
  const command = flags.text('password-command');
  if (file && command) throw new CairnError('usage', "give '--password-file' or '--password-command', not both");
  if (file) return { password: await fromFile(context, file), origin: 'file' };
  if (command) return { password: await fromCommand(context, command), origin: 'command' };
  return undefined;
}

async function fromFile({ files }: Context, file: string): Promise<string> {
  const bytes = await files.readFile(file).catch((error: unknown) => {
    throw fileError(error, 'unable to read the password from', file);
  });
  const password = new TextDecoder().decode(bytes).trim();
  if (password === '') throw new CairnError('invalid-argument', `the password file ${file} is empty`);
  return password;
}

/** What the command prints on its standard output; its standard error is shown. */
async function fromCommand({ ports, environment, console, signal }: Context, line: string): Promise<string> {
  const { subprocess } = ports;
  if (subprocess === undefined) throw new CairnError('unsupported', 'this runtime cannot run --password-command');
  const [program, ...args] = splitWords(line, environment.platform === 'windows');
  const bad = (why: string, cause?: unknown) =>
    new CairnError('invalid-argument', `the password command ${why}`, { cause });
  if (program === undefined) throw bad('is empty');
  const decoder = new TextDecoder();
  const onStderr = (data: Uint8Array) => console.raw(decoder.decode(data, { stream: true }));
  const { status, stdout } = await subprocess.run(program, args, { onStderr, signal }).catch((error: unknown) => {
    throw bad(
      `cannot be started: ${systemCode(error) === 'ENOENT' ? `no ${program}` : (error as Error).message}`,
      error,
    );
  });
  if (signal.aborted) throw new CairnError('canceled', 'canceled', { cause: signal.reason });
  if (status !== 0) throw bad(status === undefined ? 'was killed' : `ended with status ${status}`);
  const password = new TextDecoder().decode(stdout).trim();
  if (password === '') throw bad('printed nothing');
  return password;
}

const origins: Record<FoundPassword['origin'], string> = {
  flag: 'it came from --password or its variable (CAIRN_PASSWORD, KOPIA_PASSWORD)',
  file: 'it came from --password-file',
  command: 'it is what --password-command printed',
  token: 'it came from the token',
  stored: 'it is the one kept from the last connect; if it was changed since, connect again',
  asked: 'type it again; it is the one given when the repository was made',
};

/** The same failure, with where the password came from. */
export function explainPassword(error: unknown, origin: FoundPassword['origin']): unknown {
  if (!isCairnError(error, 'wrong-password')) return error;
  return new CairnError(error.code, error.message, { data: error.data, cause: error.cause, hint: origins[origin] });
}
