import type { Opener } from '../../../content/sealed-range.ts';
import type { ContentStore } from '../../../content/store.ts';
import type { ContentInfo } from '../../../content/types.ts';
import { encodeJson } from '../../../bytes/json.ts';
import { CairnError } from '../../../errors.ts';
import { withRepository } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { listPacks, reportOrphans, type PackList } from '../packs.ts';
import { percentOf } from '../percent.ts';
import { contentFilter } from './range.ts';

/** Kopia's counters. */
function newCounters() {
  return {
    verifiedContents: 0,
    totalErrorCount: 0,
    contentsInMissingPacks: 0,
    contentsInTruncatedPacks: 0,
    unreadableContents: 0,
    readContents: 0,
    missingPacks: 0,
    truncatedPacks: 0,
    corruptedPacks: 0,
  };
}

export async function run(context: Context): Promise<void> {
  const { flags, console } = context;
  const wanted = contentFilter(context);
  const percent = flags.bool('full') ? 100 : percentOf(flags, 'download-percent');
  const withDeleted = flags.bool('include-deleted');
  await withRepository(context, async ({ repository }) => {
    const { storage, contents } = repository;
    console.info('Listing blobs...');
    const packs = await listPacks(storage, contents);
    console.info(`Listed ${packs.count} blobs.`);
    console.info('Verifying contents...');
    const workers = repository.restoreWorkers();
    const verification = new Verification(context, contents, packs, percent, workers);
    const progress = context.progress(() => verification.view());
    try {
      await verification.run((info) => wanted(info) && (withDeleted || !info.deleted));
    } finally {
      workers.close();
      await progress.finish();
    }
    const { counters } = verification;
    console.info('Finished verifying contents');
    console.info(`verifyCounters:\t${encodeJson({ ...counters })}`);
    const errors = counters.totalErrorCount + repository.problems.length;
    const { repaired } = contents.crypto;
    if (repaired > 0) {
      console.warning(`error correction had to rebuild ${repaired} damaged shard(s)`);
      console.hint("'cairn repair' lists what is damaged and stores it anew");
    }
    reportOrphans(context, packs.orphans, errors > 0);
    if (errors > 0)
      throw new CairnError('verification-failed', `encountered ${errors} errors`, {
        data: { ...counters },
        hint: "'cairn snapshot verify' tells which files need them",
      });
    if (context.json) {
      const found = { repairedShards: repaired, orphanedPacks: packs.orphans };
      await console.json({ schema: 1, ...counters, ...found }, context.jsonIndent);
    }
  });
}

class Verification {
  readonly counters = newCounters();
  readonly #context: Context;
  readonly #contents: ContentStore;
  readonly #packs: PackList;
  readonly #percent: number;
  readonly #opener: Opener;
  readonly #bad = { missing: new Set<string>(), truncated: new Set<string>(), corrupted: new Set<string>() };

  constructor(context: Context, contents: ContentStore, packs: PackList, percent: number, opener: Opener) {
    this.#context = context;
    this.#contents = contents;
    this.#packs = packs;
    this.#percent = percent;
    this.#opener = opener;
  }

  async run(wanted: (info: ContentInfo) => boolean): Promise<void> {
    const check = (id: string, data: Uint8Array | Error) => {
      this.#context.signal.throwIfAborted();
      this.counters.readContents++;
      if (data instanceof Error) this.#fail(this.#contents.require(id), 'corrupted', data.message);
      else if (!this.#contents.matches(id, data))
        this.#fail(this.#contents.require(id), 'corrupted', `content ${id} holds other bytes than its ID says`);
    };
    await this.#contents.readMany(this.#toRead(wanted), check, { transient: true, opener: this.#opener });
    this.counters.missingPacks = this.#bad.missing.size;
    this.counters.truncatedPacks = this.#bad.truncated.size;
    this.counters.corruptedPacks = this.#bad.corrupted.size;
  }

  /** Checks every entry against its pack; gives those that are to be read. */
  *#toRead(wanted: (info: ContentInfo) => boolean): Iterable<string> {
    for (const info of this.#contents.entries()) {
      if (!wanted(info)) continue;
      this.counters.verifiedContents++;
      const length = this.#packs.lengths.get(info.packBlob);
      const place = `content ${info.id} depends on ${info.packBlob}`;
      if (length === undefined) this.#fail(info, 'missing', `${place}, which is missing`);
      else if (info.packOffset + info.packedLength > length)
        this.#fail(info, 'truncated', `${place}, which was cut to ${length} bytes`);
      else if (Math.random() * 100 < this.#percent) yield info.id;
    }
  }

  #fail(info: ContentInfo, kind: 'missing' | 'truncated' | 'corrupted', message: string): void {
    this.counters.totalErrorCount++;
    this.#bad[kind].add(info.packBlob);
    if (kind === 'missing') this.counters.contentsInMissingPacks++;
    else if (kind === 'truncated') this.counters.contentsInTruncatedPacks++;
    else this.counters.unreadableContents++;
    this.#context.console.error(`error: ${message}`);
  }

  view() {
    const { verifiedContents, totalErrorCount } = this.counters;
    return {
      text: `Verified ${verifiedContents} of ${this.#contents.index.count} contents, ${totalErrorCount} errors`,
      done: verifiedContents,
      json: { ...this.counters },
    };
  }
}
