import { nodePorts } from './index.ts';
import { fail, start } from './start.ts';
import { keepHeapSmall } from './heap.ts';

keepHeapSmall();
await start(nodePorts()).catch(fail);
