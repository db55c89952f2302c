/** What commands ask before they change what snapshots rest on. */
import { CairnError } from '../errors.ts';
import type { Repository } from '../repository/repository.ts';
import type { Context } from './context.ts';

export function requireDangerous({ flags }: Context): void {
  if (flags.text('dangerous-commands') === 'enabled') return;
  throw new CairnError(
    'invalid-argument',
    'this command is dangerous: used wrongly it corrupts the repository or loses data',
    {
      hint: 'everyday use does not need it; to run it all the same, pass --dangerous-commands=enabled',
    },
  );
}

export function requireWritable({ readOnly }: Pick<Repository, 'readOnly'>): void {
  if (!readOnly) return;
  throw new CairnError('read-only', 'the repository is connected read-only', {
    hint: "run 'cairn repository set-client --read-write' first",
  });
}
