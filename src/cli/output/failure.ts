/** How a command fails: words on standard error, a hint what to do next, an exit code (spec/cli.md section 9). */
import { encodeJson, type Json } from '../../bytes/json.ts';
import { CairnError, systemCode, type ErrorCode } from '../../errors.ts';
import type { Console } from './console.ts';

const exitCodes: Partial<Record<ErrorCode, number>> = {
  partial: 3,
  'no-repository': 10,
  'not-a-repository': 10,
  locked: 11,
  'not-owner': 11,
  'upgrade-in-progress': 11,
  'wrong-password': 12,
  unreachable: 13,
  canceled: 130,
};

/** 0 and 1 only where CAIRN_EXIT_CODES=kopia; there an interrupted snapshot is a success. */
export function exitCode(error: CairnError, asKopia = false): number {
  const code = exitCodes[error.code] ?? 1;
  if (!asKopia) return code;
  return error.code === 'canceled' && error.data.stored === true ? 0 : 1;
}

/** Anything thrown as a CairnError, without its stack. */
export function asCairnError(error: unknown): CairnError {
  if (error instanceof CairnError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if ((error as { name?: unknown } | null)?.name === 'AbortError')
    return new CairnError('canceled', 'interrupted', { cause: error });
  if (systemCode(error) !== undefined) return new CairnError('io', message, { cause: error });
  return new CairnError('internal', `internal error: ${message}`, {
    cause: error,
    hint: 'this is a fault in Cairn; please report it with the command that led to it',
  });
}

export function printFailure(console: Console, error: CairnError, json: boolean): void {
  if (json) {
    console.raw(encodeJson({ error: error.toJSON() as unknown as Json }) + '\n');
    return;
  }
  console.error(
    error.code === 'usage'
      ? `cairn: error: ${error.message}, try --help`
      : error.code === 'unsupported'
        ? `cairn: error: ${error.message}`
        : error.message,
  );
  for (const cause of causes(error)) console.debug(`because: ${cause}`);
  if (error.hint !== undefined) for (const line of error.hint.split('\n')) console.hint(line);
}

/** Messages of causes that say something the error's own message does not. */
function causes(error: CairnError): string[] {
  const found: string[] = [];
  for (let at: unknown = error.cause; at instanceof CairnError && found.length < 8; at = at.cause)
    if (!error.message.includes(at.message)) found.push(at.message);
  return found;
}
