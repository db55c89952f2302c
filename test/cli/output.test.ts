import { describe, expect, it } from 'vitest';
import { wantsColor } from '../../src/cli/output/color.ts';
import { Console } from '../../src/cli/output/console.ts';
import { asCairnError, exitCode, printFailure } from '../../src/cli/output/failure.ts';
import { compressionPercent, Histogram } from '../../src/cli/output/histogram.ts';
import { JsonList } from '../../src/cli/output/json-list.ts';
import { Progress, Rate, type ProgressFormat, type ProgressView } from '../../src/cli/output/progress.ts';
import { Times } from '../../src/cli/output/times.ts';
import { parseGivenTime } from '../../src/cli/commands/snapshot/start-time.ts';
import { formatSize } from '../../src/bytes/size.ts';
import { parseTime } from '../../src/bytes/time.ts';
import { CairnError, type ErrorCode } from '../../src/errors.ts';
import { Cli } from './harness.ts';
import { CapturedTerminal, fakeEnvironment } from './terminal.ts';

const clock = { now: () => 0n, monotonic: () => 0, sleep: async () => {}, turn: async () => {} };

describe('times', () => {
  const at = parseTime('2026-11-25T03:49:30.808087801Z')!;

  it.each([
    ['utc', '2026-11-25 03:49:30 UTC'],
    ['original', '2026-11-25 03:49:30 UTC'],
    ['Europe/Berlin', '2026-11-25 04:49:30 CET'],
    ['America/New_York', '2026-11-24 22:49:30 EST'],
    ['Asia/Tokyo', '2026-11-25 12:49:30 JST'],
    ['Asia/Kathmandu', '2026-11-25 09:34:30 +0545'],
    ['America/Sao_Paulo', '2026-11-25 00:49:30 -03'],
  ])('in %s', (zone, text) => {
    expect(new Times(zone).text(at)).toBe(text);
  });

  it('with milliseconds, and in full', () => {
    const times = new Times('Europe/Berlin');
    expect(times.milliseconds(at)).toBe('2026-11-25 04:49:30.808 CET');
    expect(times.full(at)).toBe('2026-11-25 04:49:30.808087801 +0100 CET');
    expect(times.full(parseTime('2026-06-01T00:00:00Z')!)).toBe('2026-06-01 02:00:00 +0200 CEST');
  });

  it('refuses a zone that nobody knows', () => {
    expect(() => new Times('Foo/Bar')).toThrow(/--timezone/);
  });
});

describe('given times', () => {
  const berlin = new Times('Europe/Berlin');

  it.each([
    ['2026-01-02 03:04:05 UTC', '2026-01-02T03:04:05Z'],
    ['2026-01-02 03:04:05 CET', '2026-01-02T02:04:05Z'],
    ['2026-07-02 03:04:05 CEST', '2026-07-02T01:04:05Z'],
    ['2026-10-25 02:30:00 CEST', '2026-10-25T00:30:00Z'],
    ['2026-10-25 02:30:00 CET', '2026-10-25T01:30:00Z'],
    ['2026-01-02 03:04:05 +0530', '2026-01-01T21:34:05Z'],
  ])('%s', (text, expected) => {
    expect(parseGivenTime('start-time', text, berlin)).toBe(parseTime(expected));
  });

  it.each([
    'yesterday',
    '2026-01-02 00:00:00',
    '2026-02-30 00:00:00 UTC',
    '2026-01-02 03:04:05 XYZ',
    '2026-01-02 24:00:00 UTC',
  ])('refuses %s', (text) => {
    expect(() => parseGivenTime('start-time', text, berlin)).toThrow(/flag '--start-time' takes a time such as/);
  });
});

describe('JSON lists', () => {
  const list = async (items: number, indent: boolean) => {
    const terminal = new CapturedTerminal();
    const console = new Console(terminal, clock);
    const out = new JsonList(console, indent);
    for (let i = 0; i < items; i++) await out.add({ i });
    await out.end();
    await console.flush();
    return terminal.outText;
  };

  it("have Kopia's bytes", async () => {
    expect(await list(0, false)).toBe('[\n]');
    expect(await list(1, false)).toBe('[\n {"i":0}\n]');
    expect(await list(2, false)).toBe('[\n {"i":0},\n {"i":1}\n]');
    expect(await list(0, true)).toBe('[]');
    expect(await list(2, true)).toBe('[{\n  "i": 0\n},{\n  "i": 1\n}]');
  });
});

describe('console', () => {
  it('keeps to the level, and to standard error', () => {
    const terminal = new CapturedTerminal();
    const console = new Console(terminal, clock, { level: 'warning' });
    console.debug('d');
    console.info('i');
    console.warning('w');
    console.error('e');
    console.hint('h');
    expect(terminal.errText).toBe('w\ne\nhint: h\n');
    expect(terminal.outText).toBe('');
  });

  it('shows control characters of names as text', () => {
    const terminal = new CapturedTerminal();
    new Console(terminal, clock).error('a\u001b[31m\u0007\rb\tc');
    expect(terminal.errText).toBe('a\\x1b[31m\\x07\\x0db\tc\n');
  });

  it('writes names that are not UTF-8 by their bytes', async () => {
    const terminal = new CapturedTerminal();
    const written: (string | Uint8Array)[] = [];
    terminal.out = async (data) => void written.push(data);
    const console = new Console(terminal, clock);
    await console.line('a\udcffb');
    await console.flush();
    expect(written).toEqual([Uint8Array.of(0x61, 0xff, 0x62, 0x0a)]);
  });

  it('gathers lines into few writes', async () => {
    const terminal = new CapturedTerminal();
    let writes = 0;
    terminal.out = async () => void writes++;
    const console = new Console(terminal, clock);
    for (let i = 0; i < 10_000; i++) await console.line('x'.repeat(20));
    await console.flush();
    expect(writes).toBeLessThan(10);
  });

  it('JSON lines and times', () => {
    const terminal = new CapturedTerminal();
    new Console(terminal, clock, { jsonLog: true }).info('a "b"');
    expect(JSON.parse(terminal.errText)).toEqual({ l: 'info', n: 'cairn/cli', m: 'a "b"' });
    const second = new CapturedTerminal();
    new Console(second, clock, { timestamps: true }).info('x');
    expect(second.errText).toMatch(/^\d\d:\d\d:\d\d\.\d{3} x\n$/);
  });
});

describe('colours', () => {
  const rows: [Parameters<typeof wantsColor>[0], Record<string, string>, boolean, boolean][] = [
    [{}, {}, true, true],
    [{}, {}, false, false],
    [{ color: 'always' }, { NO_COLOR: '1' }, false, true],
    [{ color: 'never' }, { FORCE_COLOR: '1' }, true, false],
    [{ force: true }, { NO_COLOR: '1' }, false, true],
    [{ disable: true, force: true }, {}, true, false],
    [{}, { NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
    [{}, { FORCE_COLOR: '1' }, false, true],
    [{}, { FORCE_COLOR: '0' }, true, false],
    [{}, { CLICOLOR: '0' }, true, false],
  ];
  it.each(rows)('%j %j terminal %s: %s', (choice, variables, terminal, expected) => {
    expect(wantsColor(choice, fakeEnvironment({ variables }), terminal)).toBe(expected);
  });
});

describe('failures', () => {
  const codes: [ErrorCode, number, number][] = [
    ['usage', 1, 1],
    ['corrupt', 1, 1],
    ['partial', 3, 1],
    ['no-repository', 10, 1],
    ['not-a-repository', 10, 1],
    ['locked', 11, 1],
    ['not-owner', 11, 1],
    ['wrong-password', 12, 1],
    ['unreachable', 13, 1],
    ['canceled', 130, 1],
  ];
  it.each(codes)('%s: %i, like Kopia %i', (code, own, kopia) => {
    expect([exitCode(new CairnError(code, '')), exitCode(new CairnError(code, ''), true)]).toEqual([own, kopia]);
  });

  it('an interrupted snapshot that was stored is a success for Kopia', () => {
    expect(exitCode(new CairnError('canceled', '', { data: { stored: true } }), true)).toBe(0);
  });

  it('anything thrown becomes words', () => {
    expect(asCairnError(new TypeError('x is undefined')).message).toBe('internal error: x is undefined');
    expect(asCairnError(Object.assign(new Error('ENOSPC: no space'), { code: 'ENOSPC' })).code).toBe('io');
    expect(asCairnError(new DOMException('stop', 'AbortError')).code).toBe('canceled');
  });

  it('says nothing when the reader of standard output went away', async () => {
    const terminal = new CapturedTerminal();
    terminal.out = () => Promise.reject(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    const cli = new Cli();
    expect(await cli.on(terminal, 'benchmark', 'crypto', '--repeat=1', '--block-size=1000')).toEqual({
      code: 1,
      out: '',
      err: expect.not.stringContaining('EPIPE') as string,
    });
  });

  it('text with hints, or one JSON line', () => {
    const terminal = new CapturedTerminal();
    const error = new CairnError('no-space', 'full', { hint: 'free some\nthen again', cause: new Error('inner') });
    printFailure(new Console(terminal, clock), error, false);
    expect(terminal.errText).toBe('full\nhint: free some\nhint: then again\n');
    const json = new CapturedTerminal();
    printFailure(new Console(json, clock), error, true);
    expect(JSON.parse(json.errText)).toEqual({
      error: { code: 'no-space', message: 'full', hint: 'free some\nthen again', causes: ['inner'] },
    });
  });
});

describe('histogram', () => {
  it("prints Kopia's table", () => {
    const histogram = new Histogram();
    for (const size of [5, 10, 99, 1000, 5_000_000_000]) histogram.add(size);
    const lines = histogram.lines((bytes) => formatSize(bytes));
    expect(lines.slice(0, 5)).toEqual([
      'Histogram:',
      '',
      '        1 between 0 B and 10 B (total 5 B)',
      '        2 between 10 B and 100 B (total 109 B)',
      '        0 between 100 B and 1 KB (total 0 B)',
    ]);
    expect([histogram.count, compressionPercent(1000, 570), compressionPercent(0, 0)]).toEqual([5, '43.0%', '0.0%']);
  });
});

describe('progress', () => {
  it('the rate is that of the last half minute', () => {
    const rate = new Rate();
    for (let second = 0; second <= 120; second++)
      rate.add(second * 1000, second < 60 ? second * 100 : 6000 + (second - 60) * 10);
    expect(rate.perSecond).toBe(10);
  });

  it('says nothing before there is something to say', () => {
    expect(new Rate().perSecond).toBe(0);
  });

  /** Paints three times, 10 seconds apart, with 100 of 1000 bytes done each. */
  async function painted(format: ProgressFormat, total: number | null = 1000): Promise<string> {
    const terminal = new CapturedTerminal();
    terminal.errIsTerminal = true;
    terminal.columns = 120;
    let now = 0;
    let turns = 0;
    let arrived: () => void = () => {};
    const third = new Promise<void>((resolve) => (arrived = resolve));
    const fake = {
      now: () => 0n,
      monotonic: () => now,
      turn: async () => {},
      sleep: async (_: number, signal?: AbortSignal) => {
        if (++turns > 3) {
          arrived();
          await new Promise<void>((resolve) => signal!.addEventListener('abort', () => resolve()));
        }
        now += 10_000;
      },
    };
    const console = new Console(terminal, fake);
    const view = (): ProgressView => ({ text: 'T', done: now / 100, total: total ?? undefined, json: { x: 1 } });
    const progress = new Progress({
      console,
      clock: fake,
      format,
      interval: 300,
      size: (bytes) => formatSize(bytes),
      view,
    });
    await third;
    await progress.finish();
    return terminal.errText;
  }

  it('a bar with rate and time left', async () => {
    expect((await painted('bar')).split('\r')[2]).toBe(' [####----------------] (20.0%) 10 B/s 1m20s left  T');
  });

  it("Kopia's line", async () => {
    expect((await painted('line')).split('\r')[2]).toBe(' / T, estimated 1 KB (20.0%) 1m20s left');
    expect((await painted('line', null)).split('\r')[1]).toBe(' | T, estimating...');
  });

  it('plain lines', async () => {
    expect((await painted('plain')).split('\n')[1]).toBe('T of 1 KB (20.0%) 10 B/s 1m20s left');
  });

  it('JSON events with a summary', async () => {
    const events = (await painted('json'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.map(({ event }) => event)).toEqual(['progress', 'progress', 'progress', 'summary']);
    expect(events[1]).toEqual({ event: 'progress', elapsedSeconds: 20, bytesPerSecond: 10, secondsLeft: 80, x: 1 });
  });
});
