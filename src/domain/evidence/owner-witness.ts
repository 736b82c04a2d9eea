/** What the process table says of those who left their identity on disk. */

import type { ProcessReading } from '../../ports/process-table.js';
import type { Cause } from '../../ports/readings.js';
import { aliveBeside } from '../place/layout.js';
import { files, part, processes, type Sync, witness } from '../procedure/procedure.js';
import { type Identity, type Vitality, vitalityOf } from './identity.js';
import { type Owner, ownerText, parseOwner } from './owner.js';

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

export interface ProcessSighting {
  readonly vitality: Vitality;
  readonly reading: ProcessReading;
}

/** Looks up whether the process that wrote its identity down still lives. */
export const sightProcess = part(function* sightProcess(who: Identity): Sync<ProcessSighting> {
  const reading = yield* processes('lookUp', who.pid);
  return { vitality: vitalityOf(who, yield* processes('self'), reading), reading };
});

/**
 * Whether the daemon that wrote an owner file still lives. The file that it holds proves either; without one,
 * or where that can't be told, its process says.
 * @param path of the owner file
 */
export const sightDaemon = part(function* sightDaemon(path: string, owner: Owner): Sync<ProcessSighting> {
  const sighted = yield* sightProcess(owner);
  if (owner.held !== true) return sighted;
  const file = yield* witness('look', aliveBeside(path));
  if (file.kind === 'held') {
    // `current` may have been repointed in between: then the file is another daemon's.
    const again = yield* files('readText', path);
    const other = again.kind === 'text' ? parseOwner(again.text) : undefined;
    const isSame = other !== undefined && ownerText(other) === ownerText(owner);
    return { ...sighted, vitality: isSame ? 'alive' : 'unknown' };
  }
  return file.kind === 'free' ? { ...sighted, vitality: 'dead' } : sighted;
});

/** Reads an owner file and looks its process up. */
export const sightOwner = part(function* sightOwner(path: string): Sync<OwnerSighting> {
  const read = yield* files('readText', path);
  if (read.kind === 'failed') return { kind: 'unreadable', cause: read.cause };
  const owner = read.kind === 'text' ? parseOwner(read.text) : undefined;
  if (owner === undefined) return { kind: 'nobody' };
  const { vitality, reading } = yield* sightDaemon(path, owner);
  const stopped = reading.kind === 'present' && reading.activity === 'stopped' && vitality !== 'dead';
  const activity = stopped ? 'stopped' : vitality === 'alive' ? 'running' : 'unknown';
  return { kind: 'owner', owner, vitality, activity };
});
