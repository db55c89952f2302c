#!/usr/bin/env node
// Installs and builds what is missing, then does what it was asked to:
//   node setup.mjs cairn ARGS...   the command line program        (npm start -- ARGS...)
//   node setup.mjs test [--long]   every test on every runtime     (npm test)
//   node setup.mjs fuzz [N]        N hostile inputs for every parser, a million (npm run fuzz)
//   node setup.mjs bench [--full]  speed, side by side with others (npm run bench)
//   node setup.mjs build | check   build only | lint, format, types
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const [task = 'build', ...args] = process.argv.slice(2);

function run(command, argv, options = {}) {
  const result = spawnSync(command, argv, { stdio: 'inherit', cwd: root, ...options });
  if (result.error) throw result.error;
  return result.status ?? 1;
}

/** Does `work` unless `result` is there and the stamp file already names this state. */
function once(name, result, state, work) {
  const stamp = join(root, '.cache', name + '.stamp');
  if (existsSync(join(root, result)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === state) return;
  const status = work();
  if (status !== 0) process.exit(status);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, state);
}

function digest(paths) {
  const hash = createHash('sha256');
  const add = (path) => {
    if (!existsSync(path)) return;
    if (statSync(path).isDirectory()) for (const name of readdirSync(path).sort()) add(join(path, name));
    else hash.update(path.slice(root.length)).update('\0').update(readFileSync(path)).update('\0');
  };
  for (const path of paths) add(join(root, path));
  return hash.digest('hex');
}

/** Progress of the set-up goes to standard error, so that `npm start -- show ...` keeps a clean standard output. */
const quiet = { stdio: ['ignore', 2, 2] };

function install() {
  once('install', 'node_modules', digest(['package-lock.json']), () => {
    console.error('Installing packages (once)...');
    return run('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'], quiet);
  });
}

function build() {
  once(
    'build',
    'dist/cairn.js',
    digest([
      'src',
      'runtimes',
      'assembly',
      'build.mjs',
      'package-lock.json',
      'package.json',
      'tsconfig.json',
      'tsconfig.build.json',
    ]),
    () => {
      console.error('Building (once)...');
      return run(process.execPath, ['build.mjs'], quiet);
    },
  );
}

install();
if (task === 'check') process.exit(run(process.execPath, ['build.mjs', '--check']));
build();
if (task === 'build') process.exit(0);
if (task === 'cairn') {
  const cwd = process.env.INIT_CWD ?? process.cwd();
  const child = spawn(process.execPath, [join(root, 'dist', 'cairn.js'), ...args], { cwd, stdio: 'inherit' });
  process.on('SIGINT', () => {}); // a terminal tells the program itself, which then ends in its own way
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code) => process.exit(code ?? 1));
  await new Promise(() => {});
}
if (task === 'test') process.exit(run(process.execPath, [join(root, 'test', 'run.mjs'), ...args]));
if (task === 'fuzz') {
  process.env.FUZZ_RUNS = args[0] ?? '1000000';
  process.exit(
    run(process.execPath, [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', 'fuzz', 'kernels/ecc']),
  );
}
if (task === 'bench') process.exit(run(process.execPath, [join(root, 'bench', 'run.mjs'), ...args]));
console.error(`setup.mjs: unknown task '${task}'; one of cairn, test, fuzz, bench, build, check`);
process.exit(1);
