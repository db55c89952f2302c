import { expect, it, vi } from 'vitest';
import { IgnoreContext } from '../../src/policy/ignore.ts';
import { lookOf } from '../../src/upload/directory-look.ts';
import { PreviousDirectory } from '../../src/upload/previous.ts';

it('earlier entries are read once for a directory, however many entries ask for them', () => {
  const make = vi.fn(() => PreviousDirectory.none);
  const { previous } = lookOf({ entries: [], totals: undefined }, IgnoreContext.empty, [], [], make);
  expect(make).not.toHaveBeenCalled();
  for (let i = 0; i < 3; i++) expect(previous()).toBe(PreviousDirectory.none);
  expect(make).toHaveBeenCalledOnce();
});
