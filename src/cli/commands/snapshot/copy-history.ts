import type { Context } from '../../context.ts';
import { runHistory } from './history.ts';

export function run(context: Context): Promise<void> {
  return runHistory(context, false);
}
