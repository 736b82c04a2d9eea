/**
 * Ending a daemon that does not answer, against its will: only on a person's word or a caller's explicit option, and only with
 * proof that the process is the very one that owns the name. A process id alone is no proof, ids are used again.
 */

import { type Identity, vitalityOf } from '../../../../src/domain/evidence/identity.js';
import { type Owner, parseOwner } from '../../../../src/domain/evidence/owner.js';
import type { ProcessReading, TerminationSignal } from '../../../../src/ports/process-table.js';
import type { Cause } from '../../../../src/ports/readings.js';
import { layout } from '../place/layout.js';
import {
  type Event,
  end,
  files,
  go,
  lookUp,
  type Reading,
  type Step,
  signal,
  sleep,
} from '../procedure/procedure.js';

export interface TerminationPlan {
  readonly directory: string;
  readonly self: Identity;
  /** The caller's parent, its parent, and so on: none of them is ever ended. */
  readonly ancestors: readonly number[];
  /** How long it has after SIGTERM. */
  readonly graceMs: number;
  /** How long it may take to go after SIGKILL: a process in an uninterruptible sleep stays. */
  readonly killMs: number;
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

export type TerminationState =
  | { readonly at: 'reading-owner'; readonly plan: TerminationPlan }
  | { readonly at: 'proving'; readonly trail: Trail }
  | { readonly at: 'signalling'; readonly trail: Trail; readonly by: TerminationSignal }
  | {
      readonly at: 'waiting' | 'looking';
      readonly trail: Trail;
      readonly by: TerminationSignal;
      readonly sinceMs: number;
    };

interface Trail {
  readonly plan: TerminationPlan;
  readonly owner: Owner;
  /** What is to be sent once the proof is there. */
  readonly next: TerminationSignal;
}

type TerminationStep = Step<TerminationState, TerminationOutcome>;

const POLL_MS = 20;

export function beginTermination(plan: TerminationPlan): TerminationStep {
  return go({ at: 'reading-owner', plan }, files('readText', layout.currentOwner(plan.directory)));
}

export function stepTermination(state: TerminationState, { reading, now }: Event): TerminationStep {
  switch (state.at) {
    case 'reading-owner':
      return ownerRead(state.plan, reading);
    case 'proving':
      return proven(state.trail, reading as ProcessReading);
    case 'signalling':
      return signalled(state.trail, state.by, reading, now.monotonicMs);
    case 'waiting':
      return go({ ...state, at: 'looking' as const }, lookUp(state.trail.owner.pid));
    case 'looking':
      return looked(state.trail, state.by, state.sinceMs, reading as ProcessReading, now.monotonicMs);
  }
}

function ownerRead(plan: TerminationPlan, reading: Reading): TerminationStep {
  const owner = reading.kind === 'text' ? parseOwner(reading.text) : undefined;
  if (owner === undefined) return end({ kind: 'unproven', pid: undefined, why: 'no-owner' });
  if (owner.pid === plan.self.pid || plan.ancestors.includes(owner.pid))
    return end({ kind: 'unproven', pid: owner.pid, why: 'ancestor' });
  return prove({ plan, owner, next: 'SIGTERM' });
}

/** Again right before each signal: as little as possible lies between the proof and the act. */
const prove = (trail: Trail): TerminationStep => go({ at: 'proving', trail }, lookUp(trail.owner.pid));

function proven(trail: Trail, reading: ProcessReading): TerminationStep {
  const { owner, plan, next } = trail;
  switch (vitalityOf(owner, plan.self, reading)) {
    case 'alive':
      return go({ at: 'signalling', trail, by: next }, signal(owner.pid, next));
    case 'dead':
      return end(next === 'SIGTERM' ? { kind: 'gone' } : { kind: 'ended', pid: owner.pid, by: 'SIGTERM' });
    case 'unknown':
      return end({ kind: 'unproven', pid: owner.pid, why: 'not-visible' });
  }
}

function signalled(trail: Trail, by: TerminationSignal, reading: Reading, nowMs: number): TerminationStep {
  if (reading.kind === 'failed') return end({ kind: 'refused', pid: trail.owner.pid, cause: reading.cause });
  return go({ at: 'waiting', trail, by, sinceMs: nowMs }, sleep(POLL_MS));
}

function looked(
  trail: Trail,
  by: TerminationSignal,
  sinceMs: number,
  reading: ProcessReading,
  nowMs: number,
): TerminationStep {
  const { owner, plan } = trail;
  if (vitalityOf(owner, plan.self, reading) === 'dead') return end({ kind: 'ended', pid: owner.pid, by });
  if (nowMs - sinceMs < (by === 'SIGTERM' ? plan.graceMs : plan.killMs))
    return go({ at: 'waiting', trail, by, sinceMs }, sleep(POLL_MS));
  return by === 'SIGTERM'
    ? prove({ ...trail, next: 'SIGKILL' })
    : end({ kind: 'still-there', pid: owner.pid });
}
