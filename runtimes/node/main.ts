import { nodePorts } from './index.ts';
import { fail, start } from './start.ts';

await start(nodePorts()).catch(fail);
