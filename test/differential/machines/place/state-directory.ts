/**
 * The directory of a name, made where it is missing and refused where it can't be trusted: whoever can write to it could
 * put a socket of their own there, and be handed every caller's environment.
 */

import type { Entry } from '../../../../src/ports/file-system.js';
import type { Cause } from '../../../../src/ports/readings.js';
import { causeOf } from '../procedure/cause.js';
import {
  type Event,
  end,
  files,
  go,
  type Step,
  type SyncCommand,
  type SyncReading,
} from '../procedure/procedure.js';
import type { Place } from './layout.js';

export type Distrust = 'link' | 'no-directory' | 'foreign' | 'writable-by-others';

export type PrepareOutcome =
  | { readonly kind: 'prepared' }
  | { readonly kind: 'distrusted'; readonly path: string; readonly why: Distrust }
  | { readonly kind: 'failed'; readonly path: string; readonly cause: Cause };

export interface PreparePlan {
  readonly place: Place;
  readonly userId: number;
}

/** The root first, then the name's own directory; each is inspected, made if missing, and inspected again. */
export interface PrepareState {
  readonly at: 'inspecting' | 'making' | 'tightening';
  readonly level: 'root' | 'directory';
  readonly plan: PreparePlan;
  /** Making is tried once: a directory that is gone again was removed by somebody who will do so again. */
  readonly made: 'not-yet' | 'once';
}

type PrepareStep = Step<PrepareState, PrepareOutcome, SyncCommand>;

export function prepareDirectory(plan: PreparePlan): PrepareStep {
  return inspectLevel({ at: 'inspecting', level: 'root', plan, made: 'not-yet' });
}

const pathOf = ({ level, plan }: PrepareState): string => plan.place[level];

function inspectLevel(state: PrepareState): PrepareStep {
  return go({ ...state, at: 'inspecting' as const }, files('inspect', pathOf(state)));
}

export function stepPrepare(state: PrepareState, { reading }: Event<SyncReading>): PrepareStep {
  switch (state.at) {
    case 'inspecting':
      return inspected(state, reading);
    case 'making':
      // Occupied: another caller made it in the meantime.
      if (reading.kind === 'done' || reading.kind === 'occupied')
        return inspectLevel({ ...state, made: 'once' });
      return end({ kind: 'failed', path: pathOf(state), cause: causeOf(reading) });
    case 'tightening':
      if (reading.kind === 'done') return nextLevel(state);
      return end({ kind: 'failed', path: pathOf(state), cause: causeOf(reading) });
  }
}

function inspected(state: PrepareState, reading: SyncReading): PrepareStep {
  const path = pathOf(state);
  if (reading.kind === 'absent' && state.made === 'not-yet') {
    const make = state.level === 'root' ? files('makeDirectories', path) : files('makeDirectory', path);
    return go({ ...state, at: 'making' as const }, make);
  }
  if (reading.kind !== 'entry') return end({ kind: 'failed', path, cause: causeOf(reading) });
  const why = distrustOf(reading.entry, state.plan.userId);
  if (why !== undefined) return end({ kind: 'distrusted', path, why });
  // Others could read but not write: nothing in it is theirs, and closing it makes it what it should be. The root is
  // not solod's alone: it may be a directory that the user named for other things as well.
  if (state.level === 'directory' && !isClosed(reading.entry))
    return go({ ...state, at: 'tightening' as const }, files('tighten', path));
  return nextLevel(state);
}

function nextLevel(state: PrepareState): PrepareStep {
  if (state.level === 'directory') return end({ kind: 'prepared' });
  return inspectLevel({ ...state, level: 'directory', made: 'not-yet' });
}

/** Whether its owner, and nobody else, may do everything with it. */
export const isClosed = ({ mode }: Entry): boolean => (mode & 0o777) === 0o700;

/** Why a directory can't be trusted; undefined where it can. */
export function distrustOf(entry: Entry, userId: number): Distrust | undefined {
  if (entry.type === 'link') return 'link';
  if (entry.type !== 'directory') return 'no-directory';
  if (entry.userId !== userId) return 'foreign';
  if ((entry.mode & 0o022) !== 0) return 'writable-by-others';
  return undefined;
}
