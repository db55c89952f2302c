import { fail, start } from '../node/start.ts';
import { bunPorts } from './index.ts';

await start(bunPorts()).catch(fail);
