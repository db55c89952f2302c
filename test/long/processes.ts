import { readdirSync, readFileSync } from 'node:fs';

/** Process IDs of a process and all below it. */
export function processTree(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    } catch {
      // it ended meanwhile
    }
  }
  const all: number[] = [];
  const add = (id: number) => {
    all.push(id);
    children.get(id)?.forEach(add);
  };
  add(pid);
  return all;
}

/** Summed proportional set size of the processes, bytes: what they really cost, shared pages counted once. */
export function proportionalSetSize(pid: number): number {
  let total = 0;
  for (const id of processTree(pid))
    try {
      total += Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${id}/smaps_rollup`, 'utf8'))?.[1] ?? 0) * 1024;
    } catch {
      // it ended meanwhile
    }
  return total;
}
