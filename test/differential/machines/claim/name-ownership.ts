/**
 * Whether a daemon still holds its name: its generation, its socket there, and `current`. A cleaner, or somebody's `rm -rf`,
 * takes them away without its noticing, and then it serves nobody any more. It retires, and touches nothing: what lies at
 * its former names by then is its successor's.
 */

import { layout, NAMES } from '../place/layout.js';
import {
  type Event,
  end,
  files,
  go,
  type Step,
  type SyncCommand,
  type SyncReading,
} from '../procedure/procedure.js';

export interface TenurePlan {
  readonly directory: string;
  readonly generation: number;
  /** The text of the own `owner.json`. */
  readonly ownerText: string;
}

export type TenureOutcome =
  | { readonly kind: 'held' }
  /** `path` is what is gone, or another's. */
  | { readonly kind: 'lost'; readonly path: string };

export interface TenureState {
  readonly at: 'reading-current' | 'reading-owner' | 'inspecting-socket';
  readonly plan: TenurePlan;
}

type TenureStep = Step<TenureState, TenureOutcome, SyncCommand>;

const HELD: TenureStep = end({ kind: 'held' });

export function examineTenure(plan: TenurePlan): TenureStep {
  return go({ at: 'reading-current', plan }, files('readLink', layout.current(plan.directory)));
}

/** A reading that fails for another reason (EMFILE, EACCES) proves nothing. */
export function stepTenure({ at, plan }: TenureState, { reading }: Event<SyncReading>): TenureStep {
  const { directory, generation } = plan;
  const own = layout.generation(directory, generation);
  switch (at) {
    case 'reading-current': {
      const names =
        reading.kind === 'target' ? reading.target === String(generation) : reading.kind === 'failed';
      if (!names) return lost(layout.current(directory));
      return go({ at: 'reading-owner', plan }, files('readText', `${own}/${NAMES.owner}`));
    }
    case 'reading-owner': {
      const is = reading.kind === 'text' ? reading.text === plan.ownerText : reading.kind === 'failed';
      if (!is) return lost(`${own}/${NAMES.owner}`);
      return go(
        { at: 'inspecting-socket', plan },
        files('inspect', layout.generationSocket(directory, generation)),
      );
    }
    case 'inspecting-socket': {
      const is = reading.kind === 'entry' ? reading.entry.type === 'socket' : reading.kind === 'failed';
      return is ? HELD : lost(layout.generationSocket(directory, generation));
    }
  }
}

const lost = (path: string): TenureStep => end({ kind: 'lost', path });
