import { fail, start } from '../node/start.ts';
import { bunPorts } from './index.ts';
import { keepHeapSmall } from './heap.ts';

keepHeapSmall();
await start(bunPorts()).catch(fail);
