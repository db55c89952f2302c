import { formatDuration } from '../bytes/duration.ts';
import { fromUtf8 } from '../bytes/gather.ts';
import type { Editor } from './editor.ts';
import { type PolicyFlags, actionFlags } from './flags.ts';
import type { ActionCommand, ActionsPolicy } from './policy.ts';

const NS = 1_000_000_000n;
const MAX_SCRIPT = 32000;
const modes = ['essential', 'optional', 'async'];

/** The files whose bytes `editPolicy` needs, because their text is to be kept in the policy. */
export function scriptPaths(flags: PolicyFlags): string[] {
  if (!flags['persist-action-script']) return [];
  return actionFlags.map((flag) => flags[flag] ?? '-').filter((value) => value !== '-' && !removes(value));
}

/** Kopia's help says `none`, its code takes only the empty text; here both mean what they say. */
function removes(value: string): boolean {
  return value === '' || value === 'none' || value === 'inherit';
}

export function editActions(editor: Editor, policy: ActionsPolicy, scripts?: ReadonlyMap<string, Uint8Array>): void {
  const [beforeFolder, afterFolder, beforeRoot, afterRoot] = actionFlags;
  const edit = (flag: (typeof actionFlags)[number], key: keyof ActionsPolicy): void => {
    const value = editor.flags[flag] ?? '-';
    const name = flag.slice(0, -'-action'.length);
    if (value === '-') return;
    if (removes(value)) {
      delete policy[key];
      editor.did(`removing ${name} action`);
    } else policy[key] = actionCommand(editor, flag, name, value, scripts);
  };
  edit(beforeFolder, 'beforeFolder');
  edit(afterFolder, 'afterFolder');
  edit(beforeRoot, 'beforeSnapshotRoot');
  edit(afterRoot, 'afterSnapshotRoot');
}

function actionCommand(
  editor: Editor,
  flag: (typeof actionFlags)[number],
  name: string,
  value: string,
  scripts?: ReadonlyMap<string, Uint8Array>,
): ActionCommand {
  const duration = editor.flags['action-command-timeout'] ?? 300n * NS;
  if (duration < NS) throw editor.refuse('action-command-timeout', 'must be a second or more');
  const mode = editor.choice('action-command-mode', editor.flags['action-command-mode'] ?? 'essential', modes);
  const timeout = Number(duration / NS);
  const shown = formatDuration(duration);
  if (editor.flags['persist-action-script']) {
    const script = scripts?.get(value);
    if (script === undefined) throw editor.refuse(flag, `the script file ${value} was not read`);
    if (script.length > MAX_SCRIPT) {
      const size = `${value} has ${script.length} bytes, ${MAX_SCRIPT} are allowed`;
      throw editor.refuse(flag, `action script too long: ${size}`);
    }
    const origin = `from file ${value} (${script.length} bytes)`;
    editor.did(`setting ${name} (${mode}) action script ${origin} with timeout ${shown}`);
    return { script: fromUtf8(script), timeout, mode };
  }
  const [path, ...args] = splitCommand(editor, flag, value);
  const quoted = args.length === 0 ? '' : ` with arguments ${args.map((arg) => `"${arg}"`).join(' ')}`;
  editor.did(`setting ${name} (${mode}) action command to "${path}"${quoted} and timeout ${shown}`);
  return { path, ...(args.length === 0 ? {} : { args }), timeout, mode };
}

/** Splits at single spaces; a part in double quotes may hold spaces, and `""` for a quote. */
function splitCommand(editor: Editor, flag: (typeof actionFlags)[number], line: string): string[] {
  const parts: string[] = [];
  const part = /(?:"((?:[^"]|"")*)"|([^" \r\n]*))( |$)/y;
  for (let more = true; more;) {
    const m = part.exec(line);
    if (m === null) throw editor.refuse(flag, `cannot be split into a command and arguments: ${line}`, 'close every "');
    parts.push(m[1]?.replaceAll('""', '"') ?? m[2]);
    more = m[3] === ' ';
  }
  if (parts[0] === '') throw editor.refuse(flag, 'begins with a space: the command would be empty');
  return parts;
}
