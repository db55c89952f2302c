import { expect, it } from 'vitest';
import { ports, temporaryDirectory } from '../runtime.ts';
import * as fs from 'node:fs'; import * as fsp from 'node:fs/promises';
it('x', async () => { const raw = 'caf\udce9-\udcff-é-\ufffd'; const d = temporaryDirectory(); const {files}=ports(); await files.makeDirectory(d+'/'+raw, 0o755); 
 console.log(fs.readdirSync(d,{encoding:'buffer'}).map(b=>b.toString('hex')), (await fsp.readdir(d,{encoding:'buffer'})).map(b=>b.toString('hex')), (await fsp.readdir(d,{withFileTypes:true})).map(b=>escape(b.name)+b.name.includes('\ufffd')), escape((await files.list(d))[0].name)); expect(1).toBe(1); });
