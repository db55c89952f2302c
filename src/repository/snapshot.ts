import { CairnError } from '../errors.ts';
import { createSplitter } from '../kernels/splitter.ts';
import { policyTree } from '../policy/store.ts';
import type { PolicyNode } from '../policy/tree.ts';
import type { SnapshotManifest } from '../snapshot/manifest.ts';
import { Pipeline } from '../upload/pipeline.ts';
import { uploadSnapshot, type UploadOptions } from '../upload/upload.ts';
import type { WriteSession } from './write-session.ts';

export interface SnapshotOptions extends Omit<
  UploadOptions,
  'pipeline' | 'syncFiles' | 'separator' | 'clock' | 'fidelity' | 'realPath' | 'policy' | 'spawn' | 'lookThreads'
> {
  /** Policies of the tree; those stored in the repository unless given. */
  policy?: PolicyNode;
  /** Threads that read, hash and encrypt; 0 keeps everything in this one. */
  workers?: number;
}

const MOST_LOOKING = 3;

/** Takes a snapshot of a local path in a write session and flushes it. */
export async function takeSnapshot(session: WriteSession, options: SnapshotOptions): Promise<SnapshotManifest> {
  const { state } = session.repository;
  const { ports, format } = state;
  const { files, syncFiles } = ports;
  if (files === undefined || syncFiles === undefined)
    throw new CairnError(
      'unsupported',
      'this runtime gives no access to local files, so there is nothing to take a snapshot of',
    );
  const workers = options.workers ?? Math.min(8, Math.max(1, ports.environment?.cpuCount ?? 1));
  const pipeline = new Pipeline({
    writer: session.contents,
    core: state.core,
    crypto: state.contents.crypto,
    parameters: format.parameters,
    syncFiles,
    clock: ports.clock,
    spawn: ports.spawn,
    workers,
  });
  try {
    return await uploadSnapshot(
      {
        contents: session.contents,
        objects: session.objects,
        manifests: session.manifests,
        objectWriter: (compression) => session.objectWriter(compression),
        newSplitter: (name) => createSplitter(name, state.core),
        flush: () => session.flush(),
        splitter: format.parameters.splitter,
      },
      {
        ...options,
        policy: options.policy ?? (await policyTree(session.manifests, options.source)).root,
        pipeline,
        syncFiles,
        separator: files.separator,
        clock: ports.clock,
        spawn: ports.spawn,
        // this thread looks as well
        lookThreads: Math.max(0, Math.min(MOST_LOOKING, workers - 1)),
        fidelity: ports.fidelity ?? { readTimeResolution: 1, writeTimeResolution: 1, rawNames: true, owners: true },
        realPath: (path) => files.realPath(path),
      },
    );
  } finally {
    pipeline.close();
  }
}
