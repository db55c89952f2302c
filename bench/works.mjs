// Whole commands: what is timed on which data, and the loop that runs the tools in turn.
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { dataset, datasets } from './data.mjs';
import { measure } from './measure.mjs';
import { freshFolder } from './tools.mjs';

const ALL = ['backup', 'unchanged', 'restore', 'verify'];
const PEERS = ['kopia', 'restic', 'rustic'];

/** `goals`: at least so many times as fast as the peer, on the newest Node and on Bun. */
export const groups = [
  {
    id: 'random',
    data: 'random',
    works: ALL,
    goals: { backup: { kopia: 4 }, restore: { kopia: 3, restic: 1.5, rustic: 1 } },
    reference: true,
  },
  {
    id: 'random-one-core',
    data: 'random',
    works: ['backup'],
    goals: { backup: { kopia: 2 } },
    suffix: ', on one core',
    prefix: ['taskset', '-c', '0'],
  },
  {
    id: 'small',
    data: 'small',
    works: ALL,
    goals: { backup: { kopia: 3, restic: 3 }, restore: { kopia: 3, restic: 1.5, rustic: 1 } },
  },
  {
    id: 'tiny',
    data: 'tiny',
    works: ALL,
    goals: {
      backup: { kopia: 3, restic: 3 },
      unchanged: { kopia: 2 },
      restore: { kopia: 3, restic: 1.5, rustic: 1 },
      verify: { kopia: 3 },
    },
  },
  {
    id: 'mixed',
    data: 'mixed',
    works: ['backup', 'unchanged', 'restore'],
    peers: [...PEERS, 'borg'],
    goals: {
      backup: { kopia: 3 },
      unchanged: { kopia: 2 },
      restore: { kopia: 3, restic: 1.5, rustic: 1 },
    },
  },
  {
    id: 'mixed-zstd',
    data: 'mixed',
    works: ['backup', 'restore'],
    peers: [...PEERS, 'borg'],
    suffix: ', compressed',
    compression: true,
    goals: { backup: { kopia: 2, restic: 3 }, restore: { kopia: 3, restic: 1.5, rustic: 1 } },
  },
];

export const groupTitle = (group, full) => datasets[group.data].title(full) + (group.suffix ?? '');

/** Files and their bytes below a path. */
function contentsOf(path) {
  let files = 0;
  let bytes = 0;
  for (const item of readdirSync(path, { withFileTypes: true })) {
    const at = join(path, item.name);
    if (item.isDirectory()) {
      const below = contentsOf(at);
      files += below.files;
      bytes += below.bytes;
    } else if (item.isFile()) {
      files++;
      bytes += lstatSync(at).size;
    }
  }
  return { files, bytes };
}

/** One tool through all works of a group once; `record(work, result)` gets what was measured. */
async function once(tool, group, source, dir, record) {
  const env = tool.env(dir);
  const target = join(dir, 'target');
  const timed = async (work, argv, options = {}) => {
    spawnSync('sync'); // no one pays for what an earlier command left to be written
    record(work, {});
    record(work, await measure([...(group.prefix ?? []), ...argv], { env, ...options }));
  };
  freshFolder(dir);
  const settings = { compression: group.compression === true };
  for (const argv of tool.init(dir, settings)) await measure(argv, { env });
  await timed('backup', tool.backup(dir, source, settings));
  record('backup', { disk: contentsOf(tool.repository(dir)).bytes });
  if (group.works.includes('unchanged')) await timed('unchanged', tool.backup(dir, source, settings));
  for (const work of ['restore', 'verify']) {
    if (!group.works.includes(work)) continue;
    const listed = tool.list === undefined ? '' : (await measure(tool.list(dir), { env })).output;
    rmSync(join(dir, 'cache'), { recursive: true, force: true });
    mkdirSync(join(dir, 'cache'));
    mkdirSync(target, { recursive: true });
    if (work === 'verify') {
      await timed(work, tool.verify(dir));
      continue;
    }
    await timed(work, tool.restore(dir, source, target, listed), { cwd: target });
    const [expected, found] = [contentsOf(source), contentsOf(target)];
    if (expected.files !== found.files || expected.bytes !== found.bytes)
      throw new Error(
        `restored ${found.files} files, ${found.bytes} bytes; expected ${expected.files}, ${expected.bytes}`,
      );
    rmSync(target, { recursive: true, force: true });
  }
}

/** How long the disk takes for as many bytes. */
function reference(source, dir) {
  const out = join(dir, 'out.bin');
  return measure(['dd', `if=${join(source, 'random.bin')}`, `of=${out}`, 'bs=1M', 'conv=fsync']);
}

/**
 * Runs the groups; every round runs every tool once, so that what disturbs the machine disturbs all of them. Resolves to
 * `[{ group, work, tool, runs: [{ seconds, cpu, others, memory }], disk, error }]`.
 */
export async function runWorks({ tools, base, full, rounds, only, log }) {
  const rows = [];
  const rowOf = (group, work, tool) => {
    let row = rows.find((r) => r.group === group.id && r.work === work && r.tool === tool);
    if (row === undefined) rows.push((row = { group: group.id, work, tool, runs: [] }));
    return row;
  };
  const dir = join(base, 'run');
  for (const group of groups) {
    if (!only.test(group.id) || (group.prefix && !existsSync('/usr/bin/taskset'))) continue;
    log(`${groupTitle(group, full)}: making the data`);
    const source = dataset(group.data, base, full);
    contentsOf(source);
    const taking = tools.filter((tool) => !tool.peer || (group.peers ?? PEERS).includes(tool.name));
    for (let round = 0; round < rounds; round++) {
      if (group.reference) {
        freshFolder(dir);
        spawnSync('sync');
        rowOf(group, 'backup', 'dd conv=fsync').runs.push({ round, ...(await reference(source, dir)) });
      }
      for (const tool of taking) {
        let current = 'backup';
        const record = (work, result) => {
          current = work;
          const row = rowOf(group, work, tool.name);
          if (result.disk !== undefined) row.disk = result.disk;
          else if (result.seconds !== undefined) {
            const { seconds, cpu, others, memory } = result;
            row.runs.push({ round, seconds, cpu, others, memory });
            const load = others === undefined ? '' : `, others ${others.toFixed(1)} cores`;
            log(
              `  ${round + 1}/${rounds} ${tool.name} ${work}: ${seconds.toFixed(2)} s, ${Math.round(memory ?? 0)} MiB${load}`,
            );
          }
        };
        try {
          await once(tool, group, source, dir, record);
        } catch (error) {
          rowOf(group, current, tool.name).error = error.message;
          log(`  ${tool.name} failed: ${error.message}`);
        }
      }
    }
    rmSync(dir, { recursive: true, force: true });
  }
  return rows;
}

/** `--version` of each tool, and an empty script on each runtime. */
export async function runStart({ tools, base, log }) {
  const dir = join(base, 'run');
  freshFolder(dir);
  const empty = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, 'empty.mjs');
  const rows = [];
  for (let round = 0; round < 9; round++)
    for (const tool of tools) {
      const commands = [['start', tool.version]];
      if (tool.runtime !== undefined) commands.push(['empty script', [...tool.runtime, empty]]);
      for (const [work, argv] of commands) {
        const row = rows.find((r) => r.work === work && r.tool === tool.name) ?? {
          group: 'start',
          work,
          tool: tool.name,
          runs: [],
        };
        if (!rows.includes(row)) rows.push(row);
        const { seconds, cpu, others, memory } = await measure(argv, { env: tool.env(dir) });
        row.runs.push({ seconds, cpu, others, memory });
      }
    }
  log('start: done');
  return rows;
}
