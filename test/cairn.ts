import { join } from 'node:path';
import { projectDirectory, runtimeCommand } from './runtime.ts';

/** Command line that runs the built program on the runtime of the test. */
export function cairnCommand(): string[] {
  return [...runtimeCommand, join(projectDirectory, 'dist', 'cairn.js')];
}
