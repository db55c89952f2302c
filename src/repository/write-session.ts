import { withHeader } from '../content/crypto.ts';
import { formatBytes } from '../content/pack-file.ts';
import { WriteManager } from '../content/writer.ts';
import { CairnError } from '../errors.ts';
import { equalBytes } from '../bytes/gather.ts';
import { openFormat, readFormatBlobs, retentionFor, type FormatBlobs } from '../format/format.ts';
import { encodeRepositoryBlob } from '../format/repository-blob.ts';
import { checkUpgradeLock } from '../format/upgrade-lock.ts';
import { createSplitter } from '../kernels/splitter.ts';
import { ManifestWriteStore } from '../manifest/store.ts';
import type { ObjectWriterOptions } from '../object/writer.ts';
import type { ObjectContents } from '../object/open.ts';
import { objectContents, type RepositoryReader } from './reader.ts';

/** Header ID of `zstd-fastest`, the built-in metadata compression. */
const METADATA_COMPRESSION = 0x1101;
/** How old the format blobs may get before a flush looks at them again (spec/repository-format.md section 2.3). */
const FORMAT_REFRESH = 900_000;

/** Writing to an open repository. One session belongs to one task; several may run side by side. */
export class WriteSession {
  readonly repository: RepositoryReader;
  readonly contents: WriteManager;
  readonly manifests: ManifestWriteStore;
  #formatChecked: number;

  constructor(repository: RepositoryReader) {
    this.repository = repository;
    const { format, contents, ports, identity } = repository.state;
    const { parameters } = format;
    this.contents = new WriteManager(contents, {
      clock: ports.clock,
      user: identity.user,
      host: identity.host,
      formatVersion: parameters.version,
      indexVersion: parameters.indexVersion,
      maxPackSize: parameters.maxPackSize,
      putOptions: (id) => retentionFor(id, format.blobConfig),
      formatCopy: parameters.enablePasswordChange ? undefined : formatBytes(encodeRepositoryBlob(format.outer)),
      refreshFrequency: parameters.epochParameters.refreshFrequency,
    });
    const options = { contents, compressors: contents.crypto.compressors };
    this.manifests = new ManifestWriteStore(options, this.contents, ports.clock, ports.random);
    this.#formatChecked = ports.clock.monotonic();
  }

  /** Reads contents of this session and of the repository. */
  get objects(): ObjectContents {
    return objectContents(this.contents, this.repository.contents);
  }

  /** How objects are written here; `metadataCompression` is the policy's header ID. */
  objectWriter(metadataCompression = METADATA_COMPRESSION): ObjectWriterOptions {
    const { parameters } = this.repository.format;
    const { core, contents } = this.repository.state;
    return {
      contents: this.contents,
      newSplitter: () => createSplitter(parameters.splitter, core),
      metadataCompression,
      compressObject:
        parameters.indexVersion >= 2
          ? undefined
          : async (data, compression) => {
              const stream = (await contents.crypto.compressors.byId(compression)).compress(data);
              return stream.length + 4 < data.length ? withHeader(compression, stream) : undefined;
            },
    };
  }

  /** Makes everything so far durable and visible: manifests, packs, index. */
  async flush(): Promise<void> {
    await this.#checkFormat();
    await this.manifests.writePending();
    await this.contents.flush();
  }

  /** Notices an upgrade lock or a changed format before anything becomes visible. */
  async #checkFormat(): Promise<void> {
    const { format, ports, storage } = this.repository.state;
    const now = ports.clock.monotonic();
    if (now - this.#formatChecked < FORMAT_REFRESH) return;
    const blobs = await readFormatBlobs(storage);
    if (!equalBytes(blobs.repository, encodeRepositoryBlob(format.outer))) await this.#checkChanged(blobs);
    this.#formatChecked = now;
  }

  async #checkChanged(blobs: FormatBlobs): Promise<void> {
    const { format, ports } = this.repository.state;
    const current = await openFormat(blobs, { formatKey: format.formatKey }, ports.native).catch((cause: unknown) => {
      throw new CairnError(
        'wrong-password',
        'the password of the repository was changed while it was being written to',
        {
          cause,
          hint: 'connect again with the new password and repeat the command; what was stored so far is found again',
        },
      );
    });
    checkUpgradeLock(current.parameters, ports.clock.now(), undefined);
    const { version, indexVersion, epochParameters } = current.parameters;
    const known = format.parameters;
    const same =
      version === known.version &&
      indexVersion === known.indexVersion &&
      epochParameters.enabled === known.epochParameters.enabled;
    if (!same)
      throw new CairnError('upgrade-in-progress', 'the repository was upgraded while it was being written to', {
        hint: 'repeat the command; what was stored so far is found again',
      });
  }

  /** Flushes, then ends the session. */
  async close(): Promise<void> {
    await this.flush();
  }

  /** Ends the session without making its last writes visible. */
  async abandon(): Promise<void> {
    await this.contents.abandon();
  }
}
