import { serve } from '../node/serve.ts';
import { bunPorts } from './index.ts';

await serve(bunPorts());
