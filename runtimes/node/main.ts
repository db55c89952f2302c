import { nodePorts } from './index.ts';
import { start } from './start.ts';

await start(nodePorts());
