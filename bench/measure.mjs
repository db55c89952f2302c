// Runs one command and measures it: wall time, processor time of the whole tree, peak memory of the tree (summed PSS).
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

const TICKS = 100; // Linux: user-visible clock ticks a second
const SAMPLE = 50; // milliseconds between two looks at the memory

/** Processor seconds of all children that this process has waited for, theirs included. */
function childrenSeconds() {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) / TICKS;
}

/** Busy processor seconds of the whole machine. */
function machineSeconds() {
  const [user, nice, system, , , irq, softirq] = readFileSync('/proc/stat', 'latin1')
    .split('\n')[0]
    .split(/ +/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq) / TICKS;
}

function descendants(pid, found = []) {
  found.push(pid);
  try {
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      const children = readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1');
      for (const child of children.split(' ')) if (child !== '') descendants(child, found);
    }
  } catch {
    // it ended meanwhile
  }
  return found;
}

/** Summed PSS of a process and all below it, in MiB: shared pages are counted once. */
function treeMemory(pid) {
  let kib = 0;
  for (const each of descendants(String(pid))) {
    try {
      kib += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${each}/smaps_rollup`, 'latin1'))?.[1] ?? 0);
    } catch {
      // it ended meanwhile
    }
  }
  return kib / 1024;
}

/**
 * Resolves to `{ seconds, cpu, others, memory, output }`; rejects when the command fails. `cpu` is in seconds, `others` the
 * cores that anything else on the machine kept busy meanwhile, `memory` in MiB; all three are undefined without /proc.
 */
export function measure([command, ...args], { env = {}, cwd, timeout = 1_200_000 } = {}) {
  return new Promise((resolve, reject) => {
    const linux = process.platform === 'linux';
    const before = linux ? childrenSeconds() : 0;
    const busy = linux ? machineSeconds() : 0;
    const started = performance.now();
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const timer = setTimeout(() => child.kill('SIGKILL'), timeout);
    let memory = 0;
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data) => (stdout = (stdout + data).slice(-1_000_000)));
    child.stderr.on('data', (data) => (stderr = (stderr + data).slice(-10_000)));
    const look = () => (memory = Math.max(memory, treeMemory(child.pid)));
    const sampler = linux ? setInterval(look, SAMPLE) : undefined;
    const ended = () => {
      clearInterval(sampler);
      clearTimeout(timer);
    };
    child.on('error', (error) => {
      ended();
      reject(error);
    });
    let seconds = 0;
    child.on('exit', () => (seconds = (performance.now() - started) / 1000));
    child.on('close', (code, signal) => {
      ended();
      if (code !== 0)
        return reject(new Error(`${[command, ...args].join(' ')}: ${signal ?? `status ${code}`}\n${stderr || stdout}`));
      const cpu = linux ? childrenSeconds() - before : undefined;
      resolve({
        seconds,
        cpu,
        others: linux ? Math.max(0, machineSeconds() - busy - cpu) / seconds : undefined,
        memory: memory > 0 ? memory : undefined,
        output: stdout,
      });
    });
  });
}

export function median(values) {
  const sorted = values.filter((value) => value !== undefined && !Number.isNaN(value)).sort((a, b) => a - b);
  if (sorted.length === 0) return undefined;
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
