/** What the process table says of the processes that a spawn lock names. */

import { type Identity, type Vitality, vitalityOf } from '../../../../src/domain/evidence/identity.js';
import {
  type Event,
  end,
  go,
  lookUp,
  type Step,
  type SyncCommand,
  type SyncReading,
  unexpected,
} from '../procedure/procedure.js';
import type { ContendedLock } from './spawn-lock.js';

export interface LockSightState {
  readonly self: Identity;
  readonly looking: Identity;
  readonly next: Identity | undefined;
}

type LockStep = Step<LockSightState, Vitality, SyncCommand>;

/**
 * Whether the start that a lock stands for still has a living process. Where there is a child, it is the child that is
 * waited for, and its end is the start's end, even if its parent is an editor that lives for days. The holder counts while it
 * has started nothing yet, or where nothing can be told of the child.
 */
export function sightLock(observed: ContendedLock, self: Identity): LockStep {
  if (observed.kind === 'foreign') return end('unknown');
  const { child, holder } = observed.record;
  const [looking, next] = child === undefined ? [holder, undefined] : [child, holder];
  return go({ self, looking, next }, lookUp(looking.pid));
}

export function stepSightLock(state: LockSightState, { reading }: Event<SyncReading>): LockStep {
  const { self, looking, next } = state;
  switch (reading.kind) {
    case 'present':
    case 'gone':
    case 'hidden': {
      const vitality = vitalityOf(looking, self, reading);
      if (vitality !== 'unknown' || next === undefined) return end(vitality);
      return go({ self, looking: next, next: undefined }, lookUp(next.pid));
    }
    default:
      return unexpected('sighting a lock', reading);
  }
}
