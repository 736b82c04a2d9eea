/** What the process table says of those who left their identity on disk. */

import { type Identity, type Vitality, vitalityOf } from './identity.js';
import {
  type Event,
  end,
  files,
  go,
  lookUp,
  type Step,
  type SyncCommand,
  type SyncReading,
  unexpected,
} from './machine.js';
import { type Owner, parseOwner } from './owner.js';
import type { Cause } from './ports.js';
import type { ContendedLock } from './spawn-lock.js';

export type OwnerSighting =
  /** No owner file that solod could have written. */
  | { readonly kind: 'nobody' }
  /** Whether there is one, or what it says, can't be told. */
  | { readonly kind: 'unreadable'; readonly cause: Cause }
  | {
      readonly kind: 'owner';
      readonly owner: Owner;
      readonly vitality: Vitality;
      readonly activity: 'running' | 'stopped' | 'unknown';
    };

export type OwnerSightState =
  | { readonly at: 'reading'; readonly self: Identity }
  | { readonly at: 'looking-up'; readonly self: Identity; readonly owner: Owner };

type OwnerStep = Step<OwnerSightState, OwnerSighting, SyncCommand>;

/** Reads an owner file and looks its process up. */
export function sightOwner(path: string, self: Identity): OwnerStep {
  return go({ at: 'reading', self }, files('readText', path));
}

export function stepSightOwner(state: OwnerSightState, { reading }: Event<SyncReading>): OwnerStep {
  if (state.at === 'reading') {
    if (reading.kind === 'failed') return end({ kind: 'unreadable', cause: reading.cause });
    const owner = reading.kind === 'text' ? parseOwner(reading.text) : undefined;
    if (owner === undefined) return end({ kind: 'nobody' });
    return go({ at: 'looking-up', self: state.self, owner }, lookUp(owner.pid));
  }
  const { owner, self } = state;
  switch (reading.kind) {
    case 'present':
    case 'gone':
    case 'hidden': {
      const vitality = vitalityOf(owner, self, reading);
      const stopped = reading.kind === 'present' && reading.activity === 'stopped' && vitality !== 'dead';
      const activity = stopped ? 'stopped' : vitality === 'alive' ? 'running' : 'unknown';
      return end({ kind: 'owner', owner, vitality, activity });
    }
    default:
      return unexpected('sighting an owner', reading);
  }
}

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
