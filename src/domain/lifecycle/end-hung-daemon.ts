/**
 * Ends a daemon that can't be asked to end: it does not answer, or speaks no protocol of solod's.
 * It needs a person's command or a caller's explicit option, and proof that the process owns the name. A
 * process id alone does not prove that: ids are reused.
 */

import type { TerminationSignal } from '../../ports/process-table.js';
import type { Cause } from '../../ports/readings.js';
import { type Owner, parseOwner } from '../evidence/owner.js';
import { sightDaemon } from '../evidence/owner-witness.js';
import { layout } from '../place/layout.js';
import { files, now, type Procedure, processes, sleep } from '../procedure/procedure.js';

export interface TerminationPlan {
  readonly directory: string;
  /** The caller's parent, its parent, and so on: none of them is ever ended. */
  readonly ancestors: readonly number[];
  /** How long it has after SIGTERM, in milliseconds. */
  readonly graceMs: number;
  /**
   * How long it may take to go after SIGKILL, in milliseconds: a process in an uninterruptible sleep stays.
   */
  readonly killMs: number;
  /** The last signal that is sent: SIGTERM for a daemon that may take its time to end. */
  readonly last: TerminationSignal;
}

export type TerminationOutcome =
  | { readonly kind: 'ended'; readonly pid: number; readonly by: TerminationSignal }
  /** It had gone before anything was sent. */
  | { readonly kind: 'gone' }
  /** Nothing was sent. */
  | { readonly kind: 'unproven'; readonly pid: number | undefined; readonly why: Unproven }
  | { readonly kind: 'refused'; readonly pid: number; readonly cause: Cause }
  | { readonly kind: 'still-there'; readonly pid: number };

export type Unproven =
  /** There is no owner file, or none that can be read. */
  | 'no-owner'
  /** Its process can't be seen from here, in another pid namespace, say. */
  | 'not-visible'
  | 'ancestor';

const POLL_MS = 20;

export function* endHungDaemon(plan: TerminationPlan): Procedure<TerminationOutcome> {
  const path = layout.currentOwner(plan.directory);
  const read = yield* files('readText', path);
  const owner = read.kind === 'text' ? parseOwner(read.text) : undefined;
  if (owner === undefined) return { kind: 'unproven', pid: undefined, why: 'no-owner' };
  const { pid } = owner;
  const self = yield* processes('self');
  if (pid === self.pid || plan.ancestors.includes(pid)) return { kind: 'unproven', pid, why: 'ancestor' };

  const terminated = yield* signalOwner(path, owner, 'SIGTERM', plan.graceMs);
  if (terminated.kind === 'dead-before') return { kind: 'gone' };
  if (terminated.kind !== 'still-there' || plan.last === 'SIGTERM') return terminated;
  const killed = yield* signalOwner(path, owner, 'SIGKILL', plan.killMs);
  return killed.kind === 'dead-before' ? { kind: 'ended', pid, by: 'SIGTERM' } : killed;
}

/**
 * Proves once more who has that id, right before the signal: as little as possible lies between the proof and
 * the act.
 */
function* signalOwner(
  path: string,
  owner: Owner,
  by: TerminationSignal,
  withinMs: number,
): Procedure<Exclude<TerminationOutcome, { kind: 'gone' }> | { readonly kind: 'dead-before' }> {
  const { pid } = owner;
  const { vitality } = yield* sightDaemon(path, owner);
  if (vitality === 'dead') return { kind: 'dead-before' };
  if (vitality === 'unknown') return { kind: 'unproven', pid, why: 'not-visible' };
  const sent = yield* processes('signal', pid, by);
  if (sent.kind === 'failed') return { kind: 'refused', pid, cause: sent.cause };
  const since = yield* now();
  for (;;) {
    yield* sleep(POLL_MS);
    if ((yield* sightDaemon(path, owner)).vitality === 'dead') return { kind: 'ended', pid, by };
    const at = yield* now();
    if (at.monotonicMs - since.monotonicMs >= withinMs) return { kind: 'still-there', pid };
  }
}
