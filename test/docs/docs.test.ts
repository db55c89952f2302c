import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { projectDirectory as root, runtimeCommand, runtimeName } from '../runtime.ts';
import { makeHome } from './home.ts';

const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => 'docs/' + name)].filter((name) =>
  name.endsWith('.md'),
);

/** Code of the fenced blocks of one language. */
function blocks(page: string, language: string): string[] {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(new RegExp('^```' + language + '\\n([\\s\\S]*?)^```', 'gm'))].map((match) => match[1]);
}

describe('every command shown in the documentation runs', () => {
  it.each(pages.filter((page) => blocks(page, 'sh').length > 0))('%s', (page) => {
    const { path, env } = makeHome();
    const script = blocks(page, 'sh')
      .join('\n')
      .replace(/^npm test$/gm, '')
      .replaceAll('npm start -- ', 'cairn ')
      .replaceAll('/backup/', join(path, 'backup') + '/');
    const result = spawnSync('sh', ['-e', '-u', '-x', '-c', script], { env, cwd: path, encoding: 'utf8' });
    expect(`${result.stdout}\n${result.stderr}\nexit ${result.status}`).toMatch(/exit 0$/);
  });
});

/** Commands within sentences, as shown and as run, where something stands for what only the reader has. */
const inline: { [shown: string]: string } = {
  'cairn repository connect filesystem --path=...': 'cairn repository connect filesystem --path="$HOME/r"',
  'cairn repository connect from-config --file ~/.config/kopia/repository.config':
    'mkdir -p ~/.config/kopia; cp ~/.config/cairn/* ~/.config/kopia; cairn repository connect from-config --file ~/.config/kopia/repository.config',
  'cairn snapshot list --manifest-id': 'cairn snapshot list --manifest-id',
  'cairn restore k1234.../sub/file target':
    'cairn restore "$(cairn snapshot list | grep -o "k[0-9a-f]\\{8\\}" | head -n 1).../notes.txt" target && cat target',
};

describe('every command within a sentence runs', () => {
  const { path, env } = makeHome();
  const sh = (script: string) => spawnSync('sh', ['-e', '-c', script], { env, cwd: path, encoding: 'utf8' });
  beforeAll(() => {
    sh('cairn repository create filesystem --path="$HOME/r" && cairn snapshot create ~/documents');
  });

  it('is known here', () => {
    // docs/commands.md is a reference, made from the tables
    const shown = pages
      .filter((page) => page !== 'docs/commands.md')
      .flatMap((page) => readFileSync(join(root, page), 'utf8').match(/(?<=`)cairn [^`\n]*(?=`)/g) ?? []);
    expect(shown.toSorted()).toEqual(Object.keys(inline).toSorted());
  });

  it.each(Object.entries(inline))('%s', (_, script) => {
    const { status, stderr } = sh(script);
    expect(`${stderr}\nexit ${status}`).toMatch(/exit 0$/);
  });
});

describe('the library example', () => {
  it('runs as it stands in docs/library.md', async () => {
    const { transform } = await import('esbuild');
    const { path, env } = makeHome();
    const [example] = blocks('docs/library.md', 'ts');
    const runtime = runtimeName;
    const code = example
      .replace("'cairn-backup/runtimes/node'", `'file://${root}dist/${runtime}.js'`)
      .replaceAll('nodePorts', `${runtime}Ports`)
      .replace("'cairn-backup'", `'file://${root}dist/index.js'`);
    const values = {
      repositoryPath: join(path, 'backup/r'),
      sourcePath: join(path, 'home/documents'),
      targetPath: join(path, 'restored'),
    };
    const prelude = Object.entries(values).map(([name, value]) => `const ${name} = ${JSON.stringify(value)};`);
    const print =
      'console.log(JSON.stringify({ first: new TextDecoder().decode(first), id: snapshot.id, listed: snapshots[0].id, statistics }));';
    const file = join(path, 'example.mjs');
    writeFileSync(
      file,
      (await transform([...prelude, code, print].join('\n'), { loader: 'ts', format: 'esm', target: 'es2023' })).code,
    );
    const [program, ...args] = runtimeCommand;
    const result = spawnSync(program, [...args, file], { env, encoding: 'utf8' });
    expect(result.stderr).toBe('');
    const answer = JSON.parse(result.stdout);
    expect(answer.first).toBe('hello');
    expect(answer.listed).toBe(answer.id);
    expect(readFileSync(join(values.targetPath, 'notes.txt'), 'utf8')).toBe('hello from the notes\n');
  });
});
