import { nodePorts } from './index.ts';
import { serve } from './serve.ts';

await serve(nodePorts());
