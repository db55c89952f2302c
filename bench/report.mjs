// From rows to what people read: Markdown tables, and a picture of the ratios.
import { median } from './measure.mjs';
import { groups, groupTitle } from './works.mjs';

const TITLES = { backup: 'backup', unchanged: 'nothing changed', restore: 'restore', verify: 'verify every byte' };

const middle = (row, key) => median((row?.runs ?? []).map((run) => run[key]));

/** Median of the ratios round by round: both were measured minutes apart at most. */
function ratio(peer, own) {
  const pairs = (own?.runs ?? []).map((run) => [peer?.runs.find(({ round }) => round === run.round), run]);
  return median(pairs.map(([other, run]) => (other === undefined ? undefined : other.seconds / run.seconds)));
}

const seconds = (value) => (value === undefined ? '' : value < 1 ? value.toFixed(2) : value.toFixed(1));

/** All works that were measured, in order: `{ title, rows: Map of tool to row, goals }`. */
export function worksOf(rows, full) {
  const found = [];
  for (const group of groups)
    for (const work of group.works) {
      const mine = rows.filter((row) => row.group === group.id && row.work === work && row.runs.length > 0);
      if (mine.length === 0) continue;
      found.push({
        title: `${TITLES[work]}: ${groupTitle(group, full)}`,
        rows: new Map(mine.map((row) => [row.tool, row])),
        goals: group.goals[work] ?? {},
      });
    }
  return found;
}

function table(head, lines) {
  const all = [head, head.map((_, i) => (i === 0 ? '---' : '--:')), ...lines];
  return all.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

export function markdown({ rows, start, stages, requests, index, kernels, tools, absent, full }) {
  const works = worksOf(rows, full);
  const names = [...new Set([...tools.map((tool) => tool.name), 'dd conv=fsync'])].filter((name) =>
    works.some((work) => work.rows.has(name)),
  );
  const parts = [];
  const part = (title, text) => parts.push(`## ${title}\n\n${text}`);

  part(
    'Programs',
    tools.map((tool) => `- ${tool.name}: ${tool.versionText}`).join('\n') +
      (absent.length > 0 ? `\n- not installed here: ${absent.join(', ')}` : ''),
  );
  part(
    'Seconds and peak MiB (medians)',
    table(
      ['Work', ...names],
      works.map((work) => [
        work.title,
        ...names.map((name) => {
          const row = work.rows.get(name);
          if (row === undefined) return '';
          const memory = middle(row, 'memory');
          return `${seconds(middle(row, 'seconds'))} s${memory === undefined ? '' : `, ${Math.round(memory)}`}${row.error ? ' (failed)' : ''}`;
        }),
      ]),
    ),
  );
  const own = tools.filter((tool) => !tool.peer).map((tool) => tool.name);
  const goalRows = works.flatMap((work) =>
    Object.entries(work.goals)
      .filter(([peer]) => work.rows.has(peer))
      .map(([peer, goal]) => [
        `${work.title}, against ${peer}`,
        `${goal} x`,
        ...own.map((name) => {
          const value = ratio(work.rows.get(peer), work.rows.get(name));
          return value === undefined ? '' : value >= goal ? `**${value.toFixed(2)}**` : value.toFixed(2);
        }),
      ]),
  );
  if (goalRows.length > 0)
    part('Times as fast as the peer (bold: the goal is met)', table(['Work', 'goal', ...own], goalRows));
  part(
    'Cores kept busy (processor seconds over wall seconds)',
    table(
      ['Work', ...names],
      works.map((work) => [
        work.title,
        ...names.map((name) => {
          const row = work.rows.get(name);
          const cpu = median((row?.runs ?? []).map((run) => run.cpu / run.seconds));
          return cpu === undefined ? '' : cpu.toFixed(2);
        }),
      ]),
    ),
  );
  const disks = works.filter((work) => [...work.rows.values()].some((row) => row.disk !== undefined));
  if (disks.length > 0)
    part(
      'Bytes of the repository (MB)',
      table(
        ['Work', ...names],
        disks.map((work) => [
          work.title,
          ...names.map((name) => {
            const disk = work.rows.get(name)?.disk;
            return disk === undefined ? '' : (disk / 1e6).toFixed(2);
          }),
        ]),
      ),
    );
  if (start?.length > 0) {
    const cell = (work, name) => {
      const value = middle(
        start.find((row) => row.work === work && row.tool === name),
        'seconds',
      );
      return value === undefined ? '' : `${Math.round(value * 1000)} ms`;
    };
    part(
      'Start',
      table(
        ['Program', '--version', "the runtime's empty script"],
        tools.map(({ name }) => [name, cell('start', name), cell('empty script', name)]),
      ),
    );
  }
  if (stages?.length > 0) {
    const heads = Object.keys(stages[0].seconds);
    part(
      'Stages of a backup, GB/s over one random file (each stage with those before it, one thread)',
      table(
        ['Runtime', ...heads],
        stages.map(({ tool, bytes, seconds: times }) => [
          tool,
          ...heads.map((head) => (bytes / times[head] / 1e9).toFixed(2)),
        ]),
      ),
    );
  }
  if (requests !== undefined)
    part(
      'Requests and bytes against storage',
      table(
        ['Step', ...Object.keys(requests.backup)],
        Object.entries(requests).map(([step, counts]) => [step, ...Object.values(counts).map(String)]),
      ),
    );
  if (index?.length > 0)
    part(
      'Opening an index of many contents',
      table(
        ['Runtime', 'contents', 'seconds', 'peak MiB', 'above an empty one, bytes a content', 'lookups a second'],
        index.map((row) => [
          row.tool,
          row.count.toLocaleString('en'),
          row.seconds.toFixed(2),
          String(Math.round(row.memory ?? 0)),
          row.perContent === undefined ? '' : row.perContent.toFixed(1),
          row.lookups === null ? '' : `${(row.lookups / 1e6).toFixed(1)} M`,
        ]),
      ),
    );
  if (kernels?.length > 0) {
    const heads = kernels.map(({ tool }) => tool);
    const lines = [...new Set(kernels.flatMap(({ rates }) => Object.keys(rates)))];
    part(
      'Kernels, GB/s (best)',
      table(
        ['Kernel', ...heads],
        lines.map((line) => [line, ...kernels.map(({ rates }) => rates[line]?.best.toFixed(2) ?? '')]),
      ),
    );
  }
  const others = median(rows.flatMap((row) => row.runs.map((run) => run.others)));
  if (others !== undefined)
    parts.push(`Everything else on the machine kept ${others.toFixed(2)} cores busy meanwhile (median).`);
  const failed = rows.filter((row) => row.error !== undefined);
  if (failed.length > 0)
    part(
      'Failed',
      failed.map((row) => `- ${row.tool}, ${row.group}: ${row.error.split('\n').slice(0, 2).join(' ')}`).join('\n'),
    );
  return parts.join('\n\n') + '\n';
}

const COLORS = {
  'cairn node 20': '#9ecae1',
  'cairn node': '#2171b5',
  'cairn deno': '#6a51a3',
  'cairn bun': '#08306b',
  restic: '#fd8d3c',
  rustic: '#a63603',
  borg: '#74c476',
};
const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** Bars of speed, Kopia being 1. */
export function svg(rows, full) {
  const works = worksOf(rows, full).filter((work) => work.rows.has('kopia'));
  const names = Object.keys(COLORS).filter((name) => works.some((work) => work.rows.has(name)));
  const bars = works.map((work) => ({
    title: work.title,
    values: names.flatMap((name) => {
      const value = ratio(work.rows.get('kopia'), work.rows.get(name));
      return value === undefined ? [] : [{ name, value }];
    }),
  }));
  const most = Math.max(2, ...bars.flatMap(({ values }) => values.map(({ value }) => value)));
  const [left, width, bar] = [330, 480, 11];
  const x = (value) => left + (value / most) * width;
  const out = [];
  let y = 58;
  for (const { title, values } of bars) {
    const middleY = y + (values.length * bar) / 2 + 4;
    out.push(`<text x="${left - 8}" y="${middleY}" text-anchor="end">${escape(title)}</text>`);
    for (const { name, value } of values) {
      out.push(
        `<rect x="${left}" y="${y}" width="${(x(value) - left).toFixed(1)}" height="${bar - 1}" fill="${COLORS[name]}"/>`,
        `<text x="${(x(value) + 4).toFixed(1)}" y="${y + bar - 2}" font-size="9">${value.toFixed(2)}</text>`,
      );
      y += bar;
    }
    y += 10;
  }
  const legend = names.map((name, i) => {
    const at = 12 + i * 115;
    return `<rect x="${at}" y="28" width="10" height="10" fill="${COLORS[name]}"/><text x="${at + 14}" y="37">${name}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="860" height="${y + 8}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="#fff"/>
<text x="12" y="18" font-size="14">Speed of whole commands, Kopia = 1 (longer is faster)</text>
${legend.join('\n')}
<line x1="${x(1).toFixed(1)}" y1="48" x2="${x(1).toFixed(1)}" y2="${y}" stroke="#888" stroke-dasharray="3 3"/>
${out.join('\n')}
</svg>
`;
}
