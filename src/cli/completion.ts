/** Shell completion from the tables: scripts that call `cairn --completion-bash WORDS...`, and the answer to that call. */
import { CairnError } from '../errors.ts';
import { walkWords } from './parse.ts';
import type { CommandTable, Flag } from './table.ts';
import { globalFlags } from './tables/global.ts';
import { findGroup, groups } from './tables/index.ts';

const scripts: Record<string, string> = {
  bash: `_cairn() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(cairn --completion-bash "\${COMP_WORDS[@]:1:$COMP_CWORD}")" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _cairn cairn
`,
  zsh: `#compdef cairn
_cairn() {
  local -a found
  found=(\${(f)"$(cairn --completion-bash "\${words[@]:1:$((CURRENT - 1))}")"})
  compadd -a found
  [[ $words[CURRENT] == -* ]] || _files
}
compdef _cairn cairn
`,
  fish: `complete -c cairn -a '(cairn --completion-bash (commandline -opc)[2..-1] (commandline -ct))'
`,
  powershell: `Register-ArgumentCompleter -Native -CommandName cairn -ScriptBlock {
  param($word, $ast, $position)
  $words = @($ast.CommandElements | Select-Object -Skip 1 | ForEach-Object { "$_" })
  if ($word -eq '') { $words += '' }
  cairn --completion-bash @words | Where-Object { $_ -like "$word*" }
}
`,
};

export const shells = Object.keys(scripts);

export function completionScript(shell: string): string {
  const script = Object.hasOwn(scripts, shell) ? scripts[shell] : undefined;
  if (script === undefined)
    throw new CairnError('usage', `no completion for '${shell}'; there is one for ${shells.join(', ')}`);
  return script;
}

function flagNames(flags: readonly Flag[]): string[] {
  return flags
    .filter((flag) => !flag.hidden)
    .flatMap((flag) => (flag.type === 'B' ? [`--${flag.name}`, `--no-${flag.name}`] : [`--${flag.name}`]));
}

function names(commands: readonly { name: string; hidden?: boolean }[]): string[] {
  return commands.filter((command) => !command.hidden).map((command) => command.name);
}

/** What may stand in the place of the last word. */
export async function complete(words: readonly string[]): Promise<string[]> {
  const word = words.at(-1) ?? '';
  const before = words.slice(0, -1).filter((text) => !text.startsWith('-'));
  const group = before.length === 0 ? undefined : findGroup(before[0]);
  const path: CommandTable[] = group === undefined ? [] : walkWords(await group.load(), before.slice(1));
  const scope = [...path.flatMap((table) => table.flags ?? []), ...globalFlags];
  const last = words.at(-2) ?? '';
  const asked = scope.find((flag) => flag.values !== undefined && last === `--${flag.name}`);
  const candidates =
    asked?.values ??
    (word.startsWith('-') ? flagNames(scope) : path.length === 0 ? names(groups) : names(path.at(-1)!.commands ?? []));
  return candidates.filter((name) => name.startsWith(word));
}
