import { serve } from '../node/serve.ts';
import { denoSyncFiles } from './sync-files.ts';

await serve(denoSyncFiles, async () => (await import('./index.ts')).denoPorts());
