import { serve } from './serve.ts';
import { nodeSyncFiles } from './sync-files.ts';

await serve(nodeSyncFiles, async () => (await import('./index.ts')).nodePorts());
