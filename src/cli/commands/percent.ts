import { CairnError } from '../../errors.ts';
import type { Flags } from '../flags.ts';

/** The value of a flag that takes a percentage; 0 when it is not given. */
export function percentOf(flags: Flags, name: string): number {
  const percent = flags.number(name) ?? 0;
  if (percent < 0 || percent > 100)
    throw new CairnError('usage', `flag '--${name}' takes a number from 0 to 100, got '${percent}'`);
  return percent;
}
