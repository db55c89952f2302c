import { CairnError } from '../errors.ts';

/**
 * Nothing may be deleted while part of the index is unreadable: what it names would look unused. Every operation that
 * deletes blobs, drops entries or marks contents as deleted asks this first, after its last refresh.
 */
export function requireWhole({ problems }: { problems: readonly CairnError[] }, what = 'this operation deletes'): void {
  if (problems.length === 0) return;
  const blobs = problems.map((problem) => String(problem.data.blob ?? problem.message));
  throw new CairnError(
    'corrupt',
    `${what}, and ${problems.length} index blob(s) cannot be read: what they name would look unused`,
    {
      data: { blobs },
      cause: problems[0],
      hint: "run 'cairn index recover --commit' first, then delete the damaged index blob(s) with 'cairn blob delete'",
    },
  );
}
