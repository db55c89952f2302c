import { CairnError, fileError, isCairnError, systemCode, type ErrorCode } from '../errors.ts';
import { markLocal } from './local.ts';
import type { FileFailure } from './messages.ts';

/** Thrown inside a stage when the run was stopped; never shown. */
export class StageStopped extends Error {}

/** System errors that concern one file; anything else ends the run. */
export function describeFailure(error: unknown, path: string): FileFailure {
  if (error instanceof StageStopped) return { message: 'stopped', fatal: true, code: 'canceled' };
  const system = systemCode(error);
  if (system !== undefined) return { message: fileError(error, 'cannot read', path).message, system, fatal: false };
  if (isCairnError(error)) return { message: error.message, fatal: true, code: error.code, hint: error.hint };
  return { message: error instanceof Error ? error.message : String(error), fatal: true };
}

export function failureError(failure: FileFailure): CairnError {
  if (!failure.fatal) {
    const error = new CairnError('io', failure.message, {
      data: failure.system === undefined ? {} : { system: failure.system },
    });
    markLocal(error);
    return error;
  }
  return new CairnError((failure.code as ErrorCode | undefined) ?? 'internal', failure.message, { hint: failure.hint });
}
