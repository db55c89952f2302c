/** Colours: which streams get them (spec/cli.md section 9), and the few that are used. */
import type { Environment } from '../../ports.ts';

export type Style = 'red' | 'yellow' | 'green' | 'bold' | 'dim';

const codes: Record<Style, [number, number]> = {
  red: [31, 39],
  yellow: [33, 39],
  green: [32, 39],
  bold: [1, 22],
  dim: [2, 22],
};

export function paint(style: Style, text: string): string {
  const [on, off] = codes[style];
  return `\u001b[${on}m${text}\u001b[${off}m`;
}

export interface ColorChoice {
  /** --color */
  color?: string;
  /** --force-color, --disable-color or their variables. */
  force?: boolean;
  disable?: boolean;
}

/** The flag, Kopia's flags and variables, NO_COLOR, FORCE_COLOR, CLICOLOR, then whether it is a terminal. */
export function wantsColor(choice: ColorChoice, environment: Environment | undefined, isTerminal: boolean): boolean {
  const variable = (name: string) => environment?.variable(name) ?? '';
  if (choice.color === 'always') return true;
  if (choice.color === 'never') return false;
  if (choice.disable) return false;
  if (choice.force) return true;
  if (variable('NO_COLOR') !== '') return false;
  if (variable('FORCE_COLOR') !== '') return variable('FORCE_COLOR') !== '0';
  if (variable('CLICOLOR') === '0' || variable('TERM') === 'dumb') return false;
  return isTerminal;
}
