/** Where configuration, caches and data lie on each system (spec/cli.md section 2.3). */
import { CairnError } from '../../errors.ts';
import type { Environment } from '../../ports.ts';
import { absolutePath, joinPath } from './paths.ts';

function home(environment: Environment): string {
  const directory = environment.homeDirectory();
  if (directory !== undefined && directory !== '') return directory;
  throw new CairnError('unsupported', 'there is no home directory to keep the configuration in', {
    hint: 'name a file with --config-file=/path/to/repository.config or the variable KOPIA_CONFIG_PATH',
  });
}

export function separatorOf(environment: Environment): '/' | '\\' {
  return environment.platform === 'windows' ? '\\' : '/';
}

function systemDirectory(
  environment: Environment,
  xdg: string,
  underHome: string,
  mac: string,
  windows: string,
  program: string,
): string {
  const separator = separatorOf(environment);
  const variable = (name: string) => environment.variable(name) || undefined;
  switch (environment.platform) {
    case 'darwin':
      return joinPath(separator, home(environment), 'Library', mac, program);
    case 'windows':
      return joinPath(separator, variable(windows) ?? joinPath(separator, home(environment), 'AppData'), program);
    default:
      return joinPath(separator, variable(xdg) ?? joinPath(separator, home(environment), underHome), program);
  }
}

export function configDirectory(environment: Environment, program = 'cairn'): string {
  return systemDirectory(environment, 'XDG_CONFIG_HOME', '.config', 'Application Support', 'APPDATA', program);
}

export function cacheDirectory(environment: Environment, program = 'cairn'): string {
  return systemDirectory(environment, 'XDG_CACHE_HOME', '.cache', 'Caches', 'LOCALAPPDATA', program);
}

/** Where `backup` makes its repository. */
export function dataDirectory(environment: Environment): string {
  return systemDirectory(environment, 'XDG_DATA_HOME', '.local/share', 'Application Support', 'LOCALAPPDATA', 'cairn');
}

/** A bare name lies in the configuration directory, anything else is a path. */
export function configPath(name: string, environment: Environment, program = 'cairn'): string {
  const separator = separatorOf(environment);
  if (/[\\/]/.test(separator === '/' ? name.replaceAll('\\', '') : name))
    return absolutePath(name, environment.currentDirectory(), separator);
  return joinPath(separator, configDirectory(environment, program), name);
}
