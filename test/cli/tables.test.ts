/** The tables against the real Kopia's whole command tree. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { knownCommand, outline, type Outline } from '../../src/cli/outline.ts';
import { findCommand, parseArguments, type CommandTable, type Flag } from '../../src/cli/table.ts';
import { globalFlags } from '../../src/cli/tables/global.ts';
import { groups } from '../../src/cli/tables/index.ts';

interface KopiaFlag {
  name: string;
  type: string;
  short?: string;
  env?: string;
  default?: string;
  hidden?: boolean;
  required?: boolean;
  enum?: string[];
}

interface KopiaCommand {
  name: string;
  aliases?: string[];
  hidden?: boolean;
  flags?: KopiaFlag[];
  args?: { name: string; type: string; required?: boolean }[];
  commands?: KopiaCommand[];
}

const tree = JSON.parse(
  gunzipSync(readFileSync(new URL('cli-tree.json.gz', import.meta.url))).toString(),
) as KopiaCommand;

const types: Record<string, string> = {
  bool: 'B',
  string: 'S',
  'string[]': 'S+',
  int: 'I',
  int32: 'I32',
  int64: 'I64',
  uint: 'U',
  float: 'F',
  duration: 'D',
  'duration[]': 'D+',
  bytes2: 'Y',
  enum: 'E',
  existingFile: 'XF',
  existingDir: 'XD',
  existingPath: 'XP',
  'boolValue[]': 'T+',
};

const ofKopia = (flag: KopiaFlag) => ({
  name: flag.name,
  type: types[flag.type],
  short: flag.short,
  env: flag.env,
  default: flag.default,
  hidden: flag.hidden ?? false,
  required: flag.required ?? false,
  values: flag.enum,
});

const ofCairn = (flag: Flag) => ({
  name: flag.name,
  type: flag.type + (flag.repeated ? '+' : ''),
  short: flag.short,
  env: flag.env,
  default: flag.default,
  hidden: flag.hidden,
  required: flag.required,
  values: flag.values,
});

const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);

/** Cairn's own commands. */
const additions = [
  'backup',
  'cache prune',
  'completion',
  'find',
  'snapshot versions',
  'repair',
  'repository export-format',
  'repository import-format',
  'repository stats',
];
/** Flags that Kopia's commands lack. */
const jsonFlags = ['json', 'json-indent', 'json-verbose'];
const ownFlagsOf: Record<string, string[]> = {
  'snapshot create': ['dry-run'],
  'snapshot delete': ['all', 'ignore-pins', ...jsonFlags],
  'snapshot expire': jsonFlags,
  'snapshot list': ['errors'],
  'snapshot estimate': jsonFlags,
  'snapshot fix invalid-files': jsonFlags,
  'snapshot fix remove-files': jsonFlags,
  'snapshot migrate': jsonFlags,
  'snapshot copy-history': ['policies', ...jsonFlags],
  'snapshot move-history': ['policies', ...jsonFlags],
  'policy export': ['json'],
  'policy set': ['dry-run', ...jsonFlags],
};
/** Commands whose result Kopia prints as text only. */
const withJson =
  /^(benchmark .*|cache .*|blob stats|content (stats|verify)|index (inspect|epoch list)|manifest show|logs list|session list|diff|list|(snapshot )?restore|snapshot pin|policy (delete|edit|import))$/;
const ownFlags = (name: string) => (withJson.test(name) ? jsonFlags : (ownFlagsOf[name] ?? []));
const leaves: [string, CommandTable, KopiaCommand][] = [];
const tables = await Promise.all(groups.map((group) => group.load()));

function pair(table: CommandTable, kopia: KopiaCommand | undefined, path: string): void {
  const name = path + table.name;
  if (kopia === undefined) throw new Error(`Kopia has no command '${name}'`);
  leaves.push([name, table, kopia]);
  for (const sub of (table.commands ?? []).filter((command) => !additions.includes(`${name} ${command.name}`)))
    pair(
      sub,
      kopia.commands?.find((command) => command.name === sub.name),
      `${name} `,
    );
}
for (const table of tables)
  if (!additions.includes(table.name))
    pair(
      table,
      tree.commands!.find((command) => command.name === table.name),
      '',
    );

describe('every command that is there takes what Kopia takes', () => {
  it.each(leaves)('%s', (path, table, kopia) => {
    const flags = (table.flags ?? []).filter((flag) => !ownFlags(path).includes(flag.name));
    expect(flags.map(ofCairn).toSorted(byName)).toEqual((kopia.flags ?? []).map(ofKopia).toSorted(byName));
    expect(table.aliases ?? []).toEqual(kopia.aliases ?? []);
    const args = parseArguments(table.args);
    expect(args.map(({ name, required, repeated }) => ({ name, required, repeated }))).toEqual(
      (kopia.args ?? []).map(({ name, type, required }) => ({
        name,
        // with --all there are none
        required: (required ?? false) && path !== 'snapshot delete',
        repeated: type === 'string[]',
      })),
    );
  });

  it("global flags, and Cairn's own beside them", () => {
    const own = [
      'help',
      'help-long',
      'help-man',
      'version',
      'completion-script-bash',
      'completion-script-zsh',
      'color',
      'progress-format',
      'password-file',
      'password-command',
    ];
    expect(
      globalFlags
        .filter(({ name }) => !own.includes(name))
        .map(ofCairn)
        .toSorted(byName),
    ).toEqual(tree.flags!.map(ofKopia).toSorted(byName));
  });
});

describe('the tables themselves', () => {
  it('the list of groups says what the tables say', () => {
    expect(groups.map(({ name, aliases, hidden }) => ({ name, aliases, hidden }))).toEqual(
      tables.map(({ name, aliases, hidden }) => ({ name, aliases, hidden })),
    );
  });

  it('no name or short form is used twice in a scope', () => {
    const visit = (table: CommandTable, above: readonly Flag[]): void => {
      const scope = [...above, ...(table.flags ?? [])];
      const names = scope.flatMap(({ name, short, aliases }) => [
        name,
        ...(aliases ?? []),
        ...(short === undefined ? [] : ['-' + short]),
      ]);
      expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
      for (const sub of table.commands ?? []) visit(sub, scope);
    };
    for (const table of tables) visit(table, globalFlags);
  });

  it('every leaf has a verb that can be loaded', async () => {
    const visit = async (table: CommandTable): Promise<void> => {
      if (table.commands === undefined) expect(typeof (await table.run!()).run).toBe('function');
      for (const sub of table.commands ?? []) await visit(sub);
    };
    for (const table of tables) await visit(table);
  });
});

describe("the outline of Kopia's tree", () => {
  it('is whole', () => {
    const shape = (command: KopiaCommand | Outline): unknown => ({
      name: command.name,
      aliases: (command.aliases ?? []).toSorted(),
      // A command of Kopia's own tests.
      commands: (command.commands ?? [])
        .filter(({ name }) => name !== 'testsender')
        .map(shape)
        .toSorted((a, b) => byName(a as Outline, b as Outline)),
    });
    const known = outline()
      .map(shape)
      .toSorted((a, b) => byName(a as Outline, b as Outline));
    expect(known).toEqual(tree.commands!.map(shape).toSorted((a, b) => byName(a as Outline, b as Outline)));
  });

  it('finds commands by alias', () => {
    expect(knownCommand(['gc', 'status', 'x'])).toEqual(['maintenance', 'info']);
    expect(knownCommand(['nothing'])).toEqual([]);
    expect(findCommand(tables, 'ls')?.name).toBe('list');
  });
});
