import { formatDuration } from '../bytes/duration.ts';
import { quoteText } from './quote.ts';
import { isValidCron, neverMatches, parseCron } from './cron.ts';
import { type Editor, isInherit } from './editor.ts';
import { sortTimes } from './merge.ts';
import type { SchedulingPolicy, TimeOfDay } from './policy.ts';
import { formatTimeOfDay, parseTimeOfDay } from './schedule.ts';

const NS = 1_000_000_000n;

export function editSchedule(editor: Editor, policy: SchedulingPolicy): void {
  if (editor.flags.manual) return editManual(editor, policy);
  editInterval(editor, policy);
  editTimes(editor, policy);
  editCron(editor, policy);
  editor.truth('run-missed', policy, 'runMissed', 'run missed snapshots');
  if (policy.manual) {
    delete policy.manual;
    editor.did('resetting manual snapshot field to false');
  }
}

/** A source is either manual or has a schedule, so everything else of the schedule goes. */
function editManual(editor: Editor, policy: SchedulingPolicy): void {
  for (const flag of ['snapshot-interval', 'snapshot-time', 'snapshot-time-crontab', 'run-missed'] as const) {
    if (editor.flags[flag]?.toString()) throw editor.refuse(flag, 'cannot set manual field when scheduling snapshots');
  }
  const reset = (key: keyof SchedulingPolicy, what: string): void => {
    if (policy[key]) editor.did(`resetting ${what} to default`);
    delete policy[key];
  };
  reset('intervalSeconds', 'snapshot interval');
  reset('timeOfDay', 'snapshot times of day');
  reset('cron', 'cron snapshot times');
  if (policy.runMissed !== undefined) editor.did('resetting run missed snapshots to default');
  delete policy.runMissed;
  delete policy.noParentTimeOfDay;
  policy.manual = true;
  editor.did('setting manual snapshot field to true');
}

function editInterval(editor: Editor, policy: SchedulingPolicy): void {
  const flag = 'snapshot-interval';
  const given = editor.flags[flag];
  const interval = typeof given === 'bigint' ? given : given?.[0];
  if (interval === undefined) return;
  if (interval < 0n) throw editor.refuse(flag, 'must not be negative');
  if (interval > 0n && interval < NS) throw editor.refuse(flag, 'must be a second or more, or 0 to take it from above');
  const seconds = interval / NS;
  policy.intervalSeconds = Number(seconds);
  editor.did(`setting snapshot interval to ${formatDuration(seconds * NS)}`);
}

function editTimes(editor: Editor, policy: SchedulingPolicy): void {
  const flag = 'snapshot-time';
  const given = editor.flags[flag] ?? [];
  if (given.length === 0) return;
  let times: TimeOfDay[] = [];
  for (const list of given) {
    for (const text of list.split(',')) {
      if (text === 'inherit') {
        times = [];
        break;
      }
      const time = /^\s*\d{1,2}:\d{1,2}\s*$/.test(text) ? parseTimeOfDay(text) : undefined;
      if (time === undefined) throw editor.refuse(flag, `${quoteText(text)} is no time of day, which is HH:mm`);
      times.push(time);
    }
  }
  delete policy.timeOfDay;
  if (times.length === 0) return editor.did('resetting snapshot times of day to default');
  policy.timeOfDay = sortTimes(times);
  editor.did(`setting snapshot times to [${policy.timeOfDay.map(formatTimeOfDay).join(' ')}]`);
}

function editCron(editor: Editor, policy: SchedulingPolicy): void {
  const flag = 'snapshot-time-crontab';
  const given = editor.flags[flag] ?? '';
  if (given === '') return;
  const entries = isInherit(given)
    ? []
    : given
        .split(';')
        .map((entry) => entry.trim())
        .filter((entry) => entry !== '');
  for (const entry of entries) {
    const cron = parseCron(entry);
    if (!isValidCron(entry)) throw editor.refuse(flag, `invalid cron expression ${quoteText(entry)}`);
    if (cron && neverMatches(cron)) throw editor.refuse(flag, `cron expression ${quoteText(entry)} never comes due`);
  }
  delete policy.cron;
  if (entries.length === 0) return editor.did('resetting cron snapshot times to default');
  policy.cron = entries;
  editor.did(`setting cron snapshot times to [${entries.join(' ')}]`);
}
