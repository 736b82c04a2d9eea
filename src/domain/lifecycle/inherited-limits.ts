/**
 * What a process inherits of limits and can't be rid of by itself in Node: read off `/proc`, and judged
 * before a daemon is started that would have them, too. See docs/decisions/0015-environment-of-a-daemon.md.
 */

import type { Cause } from '../../ports/readings.js';

export interface LimitsReading {
  /** proc_pid_limits(5); empty where it can't be read. */
  readonly limits: string;
  /** proc_pid_status(5) */
  readonly status: string;
  /** Field 41 of proc_pid_stat(5): 0 is SCHED_OTHER. */
  readonly policy: number;
  /** `/sys/devices/system/cpu/online` */
  readonly processors: string;
}

export type LimitsVerdict =
  | { readonly kind: 'free' }
  /** They can be set back: by these lines of sh, before it becomes the daemon's program. */
  | { readonly kind: 'liftable'; readonly lines: readonly string[] }
  /** A daemon would die of it, or fail in the midst of other callers' work. */
  | { readonly kind: 'bound'; readonly what: string };

/**
 * Soft limits that a login leaves unlimited, how setrlimit(2)'s shell command calls them, and what they are.
 */
const UNLIMITED = [
  ['Max cpu time', 't', 'processor time'],
  ['Max file size', 'f', 'the size of files'],
  ['Max data size', 'd', 'memory'],
  ['Max address space', 'v', 'memory'],
] as const;
const STACK_BYTES = 8 * 2 ** 20;
/** Node raises it to the hard limit; a daemon needs one for each caller. */
const FILES_MIN = 1024;
/** capabilities(7): may raise hard limits. */
const CAP_SYS_RESOURCE = 24n;

export function judgeLimits({ limits, status, policy, processors }: LimitsReading): LimitsVerdict {
  const mayRaise = ((BigInt(`0x${field(status, 'CapEff') || '0'}`) >> CAP_SYS_RESOURCE) & 1n) === 1n;
  const lines: string[] = [];
  for (const [name, letter, what] of UNLIMITED) {
    const { soft, hard } = limitIn(limits, name);
    if (soft === Infinity) continue;
    if (hard !== Infinity && !mayRaise) return bound(letter, what);
    lines.push(`ulimit ${mayRaise ? '' : '-S '}-${letter} unlimited || :`);
  }
  if (limitIn(limits, 'Max open files').hard < FILES_MIN) {
    if (!mayRaise) return bound('n', 'open files');
    lines.push(`ulimit -n ${FILES_MIN} || :`);
  }
  const stack = limitIn(limits, 'Max stack size');
  if (stack.soft < STACK_BYTES && stack.hard >= STACK_BYTES)
    lines.push(`ulimit -S -s ${STACK_BYTES / 1024} || :`);
  // Not worth a failure: with these a daemon is slow at worst.
  if (processors !== '' && field(status, 'Cpus_allowed_list') !== processors)
    lines.push(`taskset -cp ${processors} $$ >/dev/null 2>&1 || :`);
  if (policy !== 0) lines.push('chrt -o -p 0 $$ >/dev/null 2>&1 || :');
  return lines.length === 0 ? { kind: 'free' } : { kind: 'liftable', lines };
}

function bound(letter: string, what: string): LimitsVerdict {
  return { kind: 'bound', what: `${what} (ulimit -${letter})` };
}

function field(status: string, name: string): string {
  return new RegExp(`^${name}:\\s*(\\S+)$`, 'm').exec(status)?.[1] ?? '';
}

/** Name, soft limit, hard limit, unit. What is not told is unlimited. */
function limitIn(limits: string, name: string): { readonly soft: number; readonly hard: number } {
  const [, soft, hard] = new RegExp(`^${name} +(\\S+) +(\\S+)`, 'm').exec(limits) ?? [];
  return { soft: amount(soft), hard: amount(hard) };
}

const amount = (text = 'unlimited'): number => (text === 'unlimited' ? Infinity : Number(text));

/** Code of the cause if a limit of the starter prevents a start. */
export const BOUND = 'ELIMIT';

/** @param what the limit, as `LimitsVerdict` names it */
export const boundBy = (what: string): Cause => ({
  code: BOUND,
  message: `${BOUND}: this process is limited in ${what}, and so would be a daemon that it starts; with SOLOD=on it is started all the same`,
});
