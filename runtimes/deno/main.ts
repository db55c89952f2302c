import { start } from '../node/start.ts';
import { denoPorts } from './index.ts';

await start(denoPorts());
