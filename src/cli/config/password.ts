/**
 * Passwords: where one comes from and where it is kept (spec/storage-and-maintenance.md section 4.3).
 * `FILE.kopia-password` holds its base64; beside it `FILE.cairn-key` holds the key that the password yields in one
 * repository, `KEYALGO UNIQUEID KEY` in base64, so that a command need not derive it again. Both are 0600 and live
 * and die together; the key is used only when the password file is there and the repository is the same.
 */
import { fromBase64, toBase64 } from '../../bytes/base64.ts';
import { CairnError } from '../../errors.ts';
import type { Files, Random, Terminal } from '../../ports.ts';
import { readOptionalFile, removeOptionalFile, writePrivateFile } from './write-file.ts';

export interface DerivedKey {
  keyDerivation: string;
  uniqueId: Uint8Array;
  key: Uint8Array;
}

export function passwordFile(config: string): string {
  return config + '.kopia-password';
}

export function keyFile(config: string): string {
  return config + '.cairn-key';
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytesOf = (words: string) => new TextEncoder().encode(words);

export async function readStoredPassword(files: Files, config: string): Promise<string | undefined> {
  const stored = await readOptionalFile(files, passwordFile(config));
  if (stored === undefined) return undefined;
  const bytes = fromBase64(text(stored).trim());
  if (bytes === undefined || bytes.length === 0)
    throw new CairnError('corrupt', `the stored password in ${passwordFile(config)} is not base64`, {
      hint: 'remove that file and give the password with --password or when asked',
    });
  return text(bytes).trim();
}

export async function readStoredKey(files: Files, config: string): Promise<DerivedKey | undefined> {
  const stored = await readOptionalFile(files, keyFile(config));
  if (stored === undefined) return undefined;
  const [keyDerivation, id = '', secret = '', ...more] = text(stored).trim().split(' ');
  const uniqueId = fromBase64(id);
  const key = fromBase64(secret);
  // A damaged key file costs only the time to derive the key again.
  if (uniqueId === undefined || key === undefined || uniqueId.length === 0 || key.length !== 32 || more.length > 0)
    return undefined;
  return { keyDerivation, uniqueId, key };
}

export async function storePassword(
  files: Files,
  random: Random,
  config: string,
  password: string,
  derived?: DerivedKey,
): Promise<void> {
  await writePrivateFile(files, random, passwordFile(config), bytesOf(toBase64(bytesOf(password))));
  if (derived === undefined) await removeOptionalFile(files, keyFile(config));
  else await storeKey(files, random, config, derived);
}

export async function storeKey(files: Files, random: Random, config: string, derived: DerivedKey): Promise<void> {
  const words = [derived.keyDerivation, toBase64(derived.uniqueId), toBase64(derived.key)].join(' ');
  await writePrivateFile(files, random, keyFile(config), bytesOf(words));
}

export async function forgetPassword(files: Files, config: string): Promise<void> {
  await removeOptionalFile(files, keyFile(config));
  await removeOptionalFile(files, passwordFile(config));
}

/** Where a password came from, for the hint when it is wrong. */
export type PasswordOrigin = 'flag' | 'file' | 'command' | 'token' | 'stored' | 'asked';

export interface FoundPassword {
  password: string;
  origin: PasswordOrigin;
}

const noTerminal = (what: string) =>
  new CairnError('invalid-argument', `${what}: there is no terminal to ask for the password on`, {
    hint: 'give it with --password, --password-file, --password-command or the variable KOPIA_PASSWORD',
  });

/** Asks once; the empty answer is refused. */
export async function askPassword(terminal: Terminal | undefined, prompt: string): Promise<string> {
  const answer = await terminal?.askSecret(prompt);
  if (answer === undefined) throw noTerminal('getting password');
  if (answer.trim() === '') throw new CairnError('invalid-argument', 'getting password: it is empty');
  return answer.trim();
}

/** Asks twice for a new password. */
export async function askNewPassword(terminal: Terminal | undefined, prompt: string): Promise<string> {
  const password = await askPassword(terminal, prompt);
  if ((await askPassword(terminal, 'Re-enter password for verification: ')) !== password)
    throw new CairnError('invalid-argument', 'getting password: the two entries differ');
  return password;
}
