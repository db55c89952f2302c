import { serve } from '../node/serve.ts';
import { denoPorts } from './index.ts';

await serve(denoPorts());
