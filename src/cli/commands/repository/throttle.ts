/** `repository throttle get` and `set`: limits of this connection, kept in its file. */
import { parseThrottlingLimits, type ThrottlingLimits } from '../../../blob/throttle.ts';
import { formatRate } from '../../../bytes/size.ts';
import type { JsonObject } from '../../../bytes/json.ts';
import { CairnError } from '../../../errors.ts';
import { writeConfig } from '../../config/file.ts';
import { configFileOf, requireConfig } from '../../connection.ts';
import type { Context } from '../../context.ts';

type Name = keyof ThrottlingLimits;

const rows: readonly [name: Name, label: string, flag: string, what: string, bytes?: true][] = [
  ['maxDownloadSpeedBytesPerSecond', 'Max Download Speed:', 'download-bytes-per-second', 'max download speed', true],
  ['maxUploadSpeedBytesPerSecond', 'Max Upload Speed:', 'upload-bytes-per-second', 'max upload speed', true],
  ['readsPerSecond', 'Max Read Requests Per Second:', 'read-requests-per-second', 'max read requests per second'],
  ['writesPerSecond', 'Max Write Requests Per Second:', 'write-requests-per-second', 'max write requests per second'],
  ['listsPerSecond', 'Max List Requests Per Second:', 'list-requests-per-second', 'max list requests per second'],
  ['concurrentReads', 'Max Concurrent Reads:', 'concurrent-reads', 'max concurrent reads'],
  ['concurrentWrites', 'Max Concurrent Writes:', 'concurrent-writes', 'max concurrent writes'],
];
/** Order of the keys in JSON. */
const order: readonly Name[] = [
  'readsPerSecond',
  'writesPerSecond',
  'listsPerSecond',
  'maxUploadSpeedBytesPerSecond',
  'maxDownloadSpeedBytesPerSecond',
  'concurrentReads',
  'concurrentWrites',
];

export async function run(context: Context): Promise<void> {
  const config = await requireConfig(context);
  if (config.storage === undefined)
    throw new CairnError('unsupported', 'limits of a connection through a server are set at the server', {
      hint: "see 'cairn server throttle'",
    });
  const limits = parseThrottlingLimits(config.throttlingLimits ?? config.storage.config);
  if (context.path.at(-1) === 'get') {
    await show(context, limits);
    return;
  }
  if (!change(context, limits)) {
    context.console.info('No changes made.');
    return;
  }
  config.throttlingLimits = { ...config.throttlingLimits, ...inOrder(limits) };
  await writeConfig(context.files, context.ports.random, configFileOf(context), config);
}

/** Every key; undefined ones are left out when they are written. */
function inOrder(limits: ThrottlingLimits): JsonObject {
  return Object.fromEntries(order.map((name) => [name, limits[name]]));
}

async function show(context: Context, limits: ThrottlingLimits): Promise<void> {
  const { console } = context;
  if (context.json) {
    await console.json(inOrder(limits), context.jsonIndent);
    return;
  }
  for (const [name, label, , , bytes] of rows) {
    const value = limits[name];
    await console.line(
      `${label.padEnd(30)} ${value === undefined ? '(unlimited)' : bytes ? formatRate(value) : value}`,
    );
  }
}

function change({ flags, console }: Context, limits: ThrottlingLimits): boolean {
  let changed = false;
  for (const [name, , flag, what, bytes] of rows) {
    const text = flags.text(flag);
    if (text === undefined || text === '') continue;
    changed = true;
    if (text === 'unlimited' || text === '-') {
      limits[name] = undefined;
      console.info(`Setting ${what} to a unlimited value.`);
      continue;
    }
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
    if (!(value > 0) || (name.startsWith('concurrent') && !Number.isInteger(value)))
      throw new CairnError('usage', `flag '--${flag}' takes a number more than 0 or unlimited, got '${text}'`);
    limits[name] = value;
    console.info(`Setting ${what} to ${bytes ? formatRate(value) : value}.`);
  }
  return changed;
}
