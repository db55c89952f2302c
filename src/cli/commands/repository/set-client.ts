import { formatDuration } from '../../../bytes/duration.ts';
import { CairnError } from '../../../errors.ts';
import { writeConfig } from '../../config/file.ts';
import { configFileOf, requireConfig } from '../../connection.ts';
import type { Context } from '../../context.ts';

export async function run(context: Context): Promise<void> {
  const { flags, console, files, ports } = context;
  const config = await requireConfig(context);
  let changes = 0;
  const change = (line: string) => {
    changes++;
    console.info(line);
  };
  for (const [flag, readonly] of [
    ['read-only', true],
    ['read-write', false],
  ] as const) {
    if (!flags.bool(flag)) continue;
    if (config.readonly === readonly) console.info(`Repository is already in ${flag} mode.`);
    else {
      config.readonly = readonly;
      change(`Setting repository to ${flag} mode.`);
    }
  }
  for (const [flag, key, what] of [
    ['description', 'description', 'description'],
    ['username', 'username', 'local username'],
    ['hostname', 'hostname', 'local hostname'],
  ] as const) {
    const [value] = flags.texts(flag);
    if (value === undefined) continue;
    config[key] = value;
    change(`Setting ${what} to ${value}`);
  }
  const duration = flags.integer('repository-format-cache-duration');
  if (duration) {
    config.formatBlobCacheDuration = duration;
    change(`Setting format blob cache duration to ${formatDuration(duration)}`);
  }
  if (flags.bool('disable-repository-format-cache')) {
    config.formatBlobCacheDuration = -1n;
    change('Disabling format blob cache');
  }
  if (changes === 0) throw new CairnError('usage', 'no changes');
  await writeConfig(files, ports.random, configFileOf(context), config);
}
