// The throughput harness: npm run bench [-- --full]
//   --full            the data sets of the goals (GiB, 100,000 files, 10 M contents; an hour); else a tenth (minutes)
//   --rounds=N        runs of everything (3)          --only=REGEX   groups of works: see works.mjs
//   --parts=A,B       works, start, stages, requests, index, kernels (all)
//   --tools=REGEX     programs to run, `^cairn (node|bun)$|kopia`
//   --dir=FOLDER      where data and repositories lie (the system's temporary folder; data sets stay for the next run)
//   --json[=FILE]     every figure, to standard output or a file      --svg=FILE   the picture   --markdown=FILE   the tables
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { copyProgram } from './bundle.mjs';
import { dataset } from './data.mjs';
import { measure } from './measure.mjs';
import { markdown, svg } from './report.mjs';
import { findTools } from './tools.mjs';
import { runStart, runWorks } from './works.mjs';

const PARTS = ['works', 'start', 'stages', 'requests', 'index', 'kernels'];
/** The options, or the end of the run with the lines at the top of this file. */
function readOptions(config) {
  try {
    return parseArgs(config).values;
  } catch (error) {
    const usage = readFileSync(new URL(import.meta.url), 'utf8')
      .split('\nimport')[0]
      .replace(/^\/\/ ?/gm, '');
    console.error(`bench/run.mjs: ${error.message.split('. ')[0]}\n${usage}`);
    process.exit(1);
  }
}

const options = readOptions({
  args: process.argv.slice(2).map((arg) => (arg === '--json' ? '--json=-' : arg)),
  options: {
    full: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    parts: { type: 'string', default: PARTS.join(',') },
    tools: { type: 'string', default: '' },
    dir: { type: 'string', default: join(tmpdir(), 'cairn-bench') },
    json: { type: 'string' },
    svg: { type: 'string' },
    markdown: { type: 'string' },
  },
});
const { full, dir: base } = options;
const parts = options.parts.split(',');
for (const name of parts)
  if (!PARTS.includes(name)) {
    console.error(`bench/run.mjs: no part '${name}'; one of ${PARTS.join(', ')}`);
    process.exit(1);
  }
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const log = (text) => console.error(text);

if (!existsSync(here('../dist/cairn.js'))) {
  console.error("bench/run.mjs: there is no dist/cairn.js; run 'npm run build' first");
  process.exit(1);
}
mkdirSync(base, { recursive: true });
const program = await copyProgram(join(base, 'program'));
const { tools: all, absent } = findTools(program);
const tools = all.filter((tool) => new RegExp(options.tools).test(tool.name));
const own = tools.filter((tool) => !tool.peer);
for (const name of absent) log(`${name} is not on PATH and is left out`);

/** One part in one runtime: its JSON and what it took. */
async function part(tool, script, ...args) {
  const result = await measure([...tool.runtime, here(script), program, ...args.map(String)]);
  return { ...JSON.parse(result.output.trim().split('\n').at(-1)), memory: result.memory };
}

async function runIndex() {
  const rows = [];
  const folder = join(base, 'index');
  const empty = new Map();
  for (const count of full ? [0, 1_000_000, 10_000_000] : [0, 1_000_000]) {
    rmSync(folder, { recursive: true, force: true });
    await part(own[0], './index-make.mjs', folder, count, count === 0 ? 0 : 10);
    for (const tool of own) {
      const row = { tool: tool.name, ...(await part(tool, './index-open.mjs', folder)) };
      if (count === 0) empty.set(tool.name, row.memory);
      else row.perContent = ((row.memory - empty.get(tool.name)) * 2 ** 20) / row.count;
      rows.push(row);
      log(`index of ${count}: ${tool.name} ${row.seconds.toFixed(2)} s, ${Math.round(row.memory)} MiB`);
    }
  }
  rmSync(folder, { recursive: true, force: true });
  return rows;
}

async function runStages() {
  const path = join(dataset('random', base, full), 'random.bin');
  const rows = [];
  for (const tool of own) {
    rows.push({ tool: tool.name, ...(await part(tool, './stages.mjs', path)) });
    log(`stages: ${tool.name} done`);
  }
  return rows;
}

async function runRequests() {
  const target = join(base, 'target');
  rmSync(target, { recursive: true, force: true });
  const { memory: _, ...counts } = await part(own[0], './requests.mjs', dataset('small', base, full), target);
  rmSync(target, { recursive: true, force: true });
  return counts;
}

function runKernels() {
  const rows = [];
  for (const tool of own) {
    const result = spawnSync(tool.runtime[0], [...tool.runtime.slice(1), here('./kernels.mjs')], { encoding: 'utf8' });
    if (result.status !== 0) {
      log(`kernels: ${tool.name} failed: ${result.stderr.split('\n')[0]}`);
      continue;
    }
    const rates = {};
    for (const line of result.stdout.split('\n')) {
      const found = /^(.*?)\s+best\s+([\d.]+)\s+median\s+([\d.]+)/.exec(line);
      if (found !== null) rates[found[1]] = { best: Number(found[2]), median: Number(found[3]) };
    }
    rows.push({ tool: tool.name, rates });
    log(`kernels: ${tool.name} done`);
  }
  return rows;
}

const wants = (name) => parts.includes(name);
const result = {
  at: new Date().toISOString(),
  machine: { cpu: cpus()[0]?.model, cores: cpus().length, memory: totalmem(), load: loadavg(), folder: base },
  full,
  tools: tools.map(({ name, peer, versionText }) => ({ name, peer, versionText })),
  absent,
  start: wants('start') ? await runStart({ tools, base, log }) : [],
  rows: wants('works')
    ? await runWorks({ tools, base, full, rounds: Number(options.rounds), only: new RegExp(options.only), log })
    : [],
  stages: wants('stages') ? await runStages() : [],
  requests: wants('requests') && own.length > 0 ? await runRequests() : undefined,
  index: wants('index') && own.length > 0 ? await runIndex() : [],
  kernels: wants('kernels') ? runKernels() : [],
};

const text = markdown(result);
if (options.json === '-') console.log(JSON.stringify(result));
else console.log(text);
if (options.json !== undefined && options.json !== '-') writeFileSync(options.json, JSON.stringify(result, null, 1));
if (options.svg !== undefined) writeFileSync(options.svg, svg(result.rows, full));
if (options.markdown !== undefined) writeFileSync(options.markdown, text);
process.exit(result.rows.some((row) => row.error !== undefined) ? 1 : 0);
