/** Passwords in commands: what was given, and what to say when it is wrong. */
import { CairnError, fileError, isCairnError } from '../errors.ts';
import type { FoundPassword } from './config/password.ts';
import type { Context } from './context.ts';

/** The password of flags, variables or --password-file; undefined when none is given. */
export async function givenPassword({ flags, files }: Context): Promise<FoundPassword | undefined> {
  const text = flags.text('password')?.trim();
  if (text) return { password: text, origin: 'flag' };
  const file = flags.text('password-file');
  if (!file) return undefined;
  let bytes;
  try {
    bytes = await files.readFile(file);
  } catch (error) {
    throw fileError(error, 'unable to read the password from', file);
  }
  const password = new TextDecoder().decode(bytes).trim();
  if (password === '') throw new CairnError('invalid-argument', `the password file ${file} is empty`);
  return { password, origin: 'file' };
}

const origins: Record<FoundPassword['origin'], string> = {
  flag: 'it came from --password or its variable (CAIRN_PASSWORD, KOPIA_PASSWORD)',
  file: 'it came from --password-file',
  token: 'it came from the token',
  stored: 'it is the one kept from the last connect; if it was changed since, connect again',
  asked: 'type it again; it is the one given when the repository was made',
};

/** The same failure, with where the password came from. */
export function explainPassword(error: unknown, origin: FoundPassword['origin']): unknown {
  if (!isCairnError(error, 'wrong-password')) return error;
  return new CairnError(error.code, error.message, { data: error.data, cause: error.cause, hint: origins[origin] });
}
