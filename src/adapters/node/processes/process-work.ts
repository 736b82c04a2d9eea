import { readFileSync } from 'node:fs';
import type { ProcessWork, WorkReading } from '../../../ports/process-work.js';
import { statFields, textOf } from './proc-files.js';

/** What `/proc` tells of a process's work. Without a `/proc` nothing. */
export const nodeProcessWork: ProcessWork = { look };

function look(pid: number): WorkReading {
  try {
    const fields = statFields(readFileSync(`/proc/${pid}/stat`, 'latin1'));
    const children = childrenOf(pid);
    const ticks = children.map((child) => look(child)).reduce(addTicks, ownTicks(fields));
    const state = activityOf(fields[0] ?? '');
    const activity = state === 'waiting' && isBlocked(pid) ? 'blocked' : state;
    return { kind: 'seen', activity, ticks, children: children.length };
  } catch {
    return { kind: 'hidden' };
  }
}

const addTicks = (sum: number, reading: WorkReading): number =>
  reading.kind === 'seen' ? sum + reading.ticks : sum;

/** Fields 14 and 15 of proc_pid_stat(5): utime and stime. */
const ownTicks = (fields: readonly string[]): number => Number(fields[11]) + Number(fields[12]);

const activityOf = (state: string) =>
  /[RD]/.test(state) ? ('busy' as const) : /[TtZX]/.test(state) ? ('stopped' as const) : ('waiting' as const);

/** The kernel's functions in which a process waits for events. */
const FOR_EVENTS = /epoll|ep_poll|poll_schedule|io_uring|kevent/;

/** Not every kernel says where a process waits: it may say 0. */
function isBlocked(pid: number): boolean {
  const place = textOf(`/proc/${pid}/wchan`);
  return place.length > 1 && !FOR_EVENTS.test(place);
}

/** Not every kernel has the file. */
function childrenOf(pid: number): readonly number[] {
  const text = textOf(`/proc/${pid}/task/${pid}/children`).trim();
  return text === '' ? [] : text.split(' ').map(Number);
}
