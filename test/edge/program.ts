// The program that workerd runs: blobs arrive in the request, kernels are statically imported modules.
import core from '../../dist/core.wasm';
import codecs from '../../dist/codecs.wasm';
import zstd from '../../dist/zstd.wasm';
import { edgePorts } from '../../runtimes/workerd/index.ts';
import { listSnapshots, MemoryStorage, openAtEdge } from '../../src/edge/index.ts';

interface Question {
  blobs: Record<string, string>;
  formatKey: string;
  path: string;
  offset: number;
  length: number;
}

const decode = (text: string) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

export default {
  async fetch(request: Request): Promise<Response> {
    const question = (await request.json()) as Question;
    const storage = new MemoryStorage();
    for (const [id, data] of Object.entries(question.blobs)) await storage.put(id, decode(data));
    const repository = await openAtEdge(storage, decode(question.formatKey), edgePorts({ core, codecs, zstd }));
    const { snapshots } = await listSnapshots(repository.manifests);
    const answers = [];
    for (const { id, rootEntry } of snapshots) {
      const names =
        rootEntry?.type === 'd' ? (await repository.listDirectory(rootEntry.objectId)).map((e) => e.name) : [];
      answers.push({ id, names });
    }
    const root = snapshots.at(-1)!.rootEntry!;
    const file = await repository.findEntry(root, question.path);
    const bytes = await (await repository.openObject(file.objectId)).read(question.offset, question.length);
    return Response.json({ snapshots: answers, bytes: btoa(String.fromCharCode(...bytes)) });
  },
};
