import { nodePorts } from '../runtimes/node/index.ts';
import type { Ports } from '../src/ports.ts';
export function ports(): Ports { return nodePorts(); }
export const runtimeName = 'node';
