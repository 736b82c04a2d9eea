/** What the process table says of those who left their identity on disk. */

import { type Identity, type Vitality, vitalityOf } from '../../../../src/domain/evidence/identity.js';
import { type Owner, parseOwner } from '../../../../src/domain/evidence/owner.js';
import type { Cause } from '../../../../src/ports/readings.js';
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
} from '../procedure/procedure.js';

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
