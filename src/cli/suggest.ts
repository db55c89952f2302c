/** "Did you mean": the nearest names within two edits. */

/** Edits (insert, drop, replace, swap neighbours) from one text to the other; stops counting above `most`. */
export function editDistance(a: string, b: string, most = 2): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      row[j] = Math.min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    before = previous;
    previous = row;
  }
  return previous[b.length];
}

/** The best candidates, nearest first, three at most; none when all are further than two edits. */
export function suggest(word: string, candidates: Iterable<string>): string[] {
  const wanted = word.toLowerCase();
  return [...new Set(candidates)]
    .map((name) => ({ name, distance: editDistance(wanted, name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= 2 && distance < name.length - 1)
    .toSorted((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .filter(({ distance }, _, all) => distance === all[0].distance)
    .slice(0, 3)
    .map(({ name }) => name);
}
