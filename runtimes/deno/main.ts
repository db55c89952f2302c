import { fail, start } from '../node/start.ts';
import { denoPorts } from './index.ts';

await start(denoPorts()).catch(fail);
