import { completionScript } from '../completion.ts';
import type { Context } from '../context.ts';

export async function run({ args, console }: Context): Promise<void> {
  await console.write(completionScript(args[0]));
}
