import { serve } from '../node/serve.ts';
import { nodeSyncFiles } from '../node/sync-files.ts';

await serve(nodeSyncFiles, async () => (await import('./index.ts')).bunPorts());
