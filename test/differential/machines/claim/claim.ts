/**
 * The claim: how exactly one of all candidates comes to serve a name. See docs/decisions/0001-generations.md for why it
 * is built like this; the step numbers are those of that page.
 *
 * A candidate looks whether somebody serves, and gives way. If nobody does it gets a directory ready, with a socket in it that
 * already listens, under a private name. One exclusive rename(2) publishes it as the next generation. So a public name never
 * refers to a socket that does not listen yet, refusal at a public name is final, and nothing that could be alive is ever
 * removed.
 */

import { judgeConnect } from '../../../../src/domain/evidence/connect-verdict.js';
import type { Identity } from '../../../../src/domain/evidence/identity.js';
import type { Failure } from '../../../../src/domain/failure.js';
import type { Cause } from '../../../../src/ports/readings.js';
import type { ConnectReading } from '../../../../src/ports/socket-probe.js';
import { type OwnerSightState, sightOwner, stepSightOwner } from '../evidence/owner-witness.js';
import { type ReleaseState, releaseLock, stepRelease } from '../lock/spawn-lock.js';
import {
  GENERATION_MAX,
  generationOf,
  highestGeneration,
  layout,
  NAMES,
  type Place,
  type Platform,
} from '../place/layout.js';
import { type PrepareState, prepareDirectory, stepPrepare } from '../place/state-directory.js';
import { causeOf } from '../procedure/cause.js';
import {
  type Command,
  type Event,
  end,
  files,
  go,
  listener,
  probe,
  type Reading,
  type Step,
  within,
} from '../procedure/procedure.js';
import { type SweepState, stepSweep, sweep } from './sweep.js';

export interface ClaimPlan {
  readonly place: Place;
  readonly userId: number;
  readonly platform: Platform;
  readonly self: Identity;
  /** Begins with the own process id (see `nonceOf`), and is nobody else's. */
  readonly nonce: string;
  /** The spawn lock that ends with this claim, however it ends; empty for none. */
  readonly lockNonce: string;
  /** The text of `owner.json`. */
  readonly ownerText: string;
  /** How long one connection attempt may take, in milliseconds. */
  readonly probeMs: number;
}

export type ClaimOutcome =
  | { readonly kind: 'claimed'; readonly generation: number }
  /** Another daemon serves the name. With a `doubt` that could not be told for sure: what is ambiguous counts as alive. */
  | { readonly kind: 'gave-way'; readonly generation: number; readonly doubt: Cause | undefined }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** How often a candidate looks anew when others move before it is given up: far more than any number of rivals costs. */
export const ROUNDS_MAX = 64;

/** What a candidate carries from step to step. */
interface Trail {
  readonly plan: ClaimPlan;
  /** Which private directory it is on: a withdrawn one has been moved away. */
  readonly attempt: number;
  /** Whether that has been begun. Who gives way at the first look makes nothing, and spares Node the loading of what listens. */
  readonly home: 'none' | 'made';
  readonly rounds: number;
  /** What `current` named when the round began. */
  readonly seen: number;
  /** The generation that the candidate believes to be the last. */
  readonly last: number;
}

type Verb =
  | 'making'
  | 'writing-owner'
  | 'listening'
  | 'reading-current'
  | 'listing'
  | 'walking'
  | 'probing'
  | 'confirming-absent'
  | 'confirming-hole'
  | 'publishing'
  | 'rechecking'
  | 'withdrawing'
  | 'discarding-withdrawn'
  | 'linking'
  | 'repointing'
  | 'displacing';

export type ClaimState =
  | { readonly at: Verb; readonly trail: Trail }
  | { readonly at: 'preparing'; readonly trail: Trail; readonly prepare: PrepareState }
  | {
      readonly at: 'sighting-owner';
      readonly trail: Trail;
      readonly mute: Mute;
      readonly sight: OwnerSightState;
    }
  | { readonly at: 'confirming-alive'; readonly trail: Trail; readonly doubt: Cause | undefined }
  | { readonly at: 'closing-withdrawn'; readonly trail: Trail }
  | { readonly at: 'ending-lock'; readonly trail: Trail; readonly release: ReleaseState }
  | { readonly at: 'sweeping'; readonly trail: Trail; readonly sweep: SweepState }
  | { readonly at: 'leaving'; readonly trail: Trail; readonly step: Leaving; readonly outcome: ClaimOutcome };

/** Why connecting told nothing of the daemon behind a name. */
type Mute = 'closed-or-full' | 'own';

type Leaving = 'closing' | 'discarding' | 'unlinking' | ReleaseState;

export type ClaimStep = Step<ClaimState, ClaimOutcome>;

const nonceFor = ({ plan, attempt }: Trail): string => `${plan.nonce}-${attempt}`;
const directoryOf = ({ plan }: Trail): string => plan.place.directory;
const privateOf = (trail: Trail): string => layout.private(directoryOf(trail), nonceFor(trail));
const linkOf = (trail: Trail): string => layout.privateLink(directoryOf(trail), nonceFor(trail));
const trashOf = (trail: Trail): string => layout.trash(directoryOf(trail), nonceFor(trail));
const ownOf = (trail: Trail): string => layout.generation(directoryOf(trail), trail.last + 1);

const at = (verb: Verb, trail: Trail, command: Command): ClaimStep => go({ at: verb, trail }, command);

export function beginClaim(plan: ClaimPlan): ClaimStep {
  return startOver({ plan, attempt: 0, home: 'none', rounds: 0, seen: 0, last: 0 });
}

/** From the directory on. */
function startOver(trail: Trail): ClaimStep {
  return preparing(trail, prepareDirectory(trail.plan));
}

function preparing(trail: Trail, step: ReturnType<typeof prepareDirectory>): ClaimStep {
  return within(
    step,
    (prepare): ClaimState => ({ at: 'preparing', trail, prepare }),
    (outcome): ClaimStep => {
      switch (outcome.kind) {
        case 'prepared':
          return round(trail);
        case 'distrusted':
          // Nothing in there is touched, not even a lock.
          return end({ kind: 'failed', failure: { ...outcome, kind: 'state-directory-distrusted' } });
        case 'failed': {
          const failure: Failure = { ...outcome, kind: 'state-directory-unusable' };
          return releasing(
            trail,
            { kind: 'failed', failure },
            releaseLock(directoryOf(trail), trail.plan.lockNonce),
          );
        }
      }
    },
  );
}

export function stepClaim(state: ClaimState, event: Event): ClaimStep {
  const { trail } = state;
  const { reading } = event;
  switch (state.at) {
    case 'preparing':
      return preparing(trail, stepPrepare(state.prepare, event as Event<never>));
    case 'making':
      if (reading.kind !== 'done') return fail(trail, 'making', privateOf(trail), reading);
      return at(
        'writing-owner',
        trail,
        files('createFile', `${privateOf(trail)}/${NAMES.owner}`, trail.plan.ownerText),
      );
    case 'writing-owner':
      if (reading.kind !== 'done') return fail(trail, 'writing the owner file in', privateOf(trail), reading);
      return at('listening', trail, listener('listen', `${privateOf(trail)}/${NAMES.socket}`));
    case 'listening':
      if (reading.kind !== 'done') return fail(trail, 'listening in', privateOf(trail), reading);
      return publish(trail);
    case 'reading-current':
      return currentRead(trail, reading);
    case 'listing':
      if (reading.kind !== 'names') return fail(trail, 'listing', directoryOf(trail), reading);
      return walk({ ...trail, last: highestGeneration(reading.names) });
    case 'walking':
      return walked(trail, reading);
    case 'probing':
      return probed(trail, reading as ConnectReading);
    case 'sighting-owner':
      return sighting(trail, state.mute, stepSightOwner(state.sight, event as Event<never>));
    case 'confirming-alive':
      if (reading.kind === 'failed')
        return fail(trail, 'reading', layout.current(directoryOf(trail)), reading);
      // It moved: what answered has been replaced, or was a candidate that will withdraw.
      if (pointed(reading) !== trail.seen) return round(trail);
      return leave(trail, { kind: 'gave-way', generation: trail.last, doubt: state.doubt });
    case 'confirming-absent':
      return absenceConfirmed(trail, reading);
    case 'confirming-hole':
      // A generation without a socket: nobody can reach whoever made it. No generation: look where the others have gone.
      return reading.kind === 'absent' ? round(trail) : publish(trail);
    case 'publishing':
      return published(trail, reading);
    case 'rechecking':
      return rechecked(trail, reading);
    case 'withdrawing':
      return go({ at: 'closing-withdrawn', trail }, listener('close'));
    case 'closing-withdrawn':
      return at('discarding-withdrawn', trail, files('removeTree', trashOf(trail)));
    case 'discarding-withdrawn':
      return again(trail);
    case 'linking':
      if (reading.kind !== 'done') return fail(trail, 'making the link', linkOf(trail), reading);
      return repoint(trail);
    case 'repointing':
      return repointed(trail, reading);
    case 'displacing':
      // What can't be moved (a mount point, an overlay's lower layer) stays in every client's way.
      if (reading.kind === 'done' || reading.kind === 'absent') return repoint(trail);
      return fail(trail, 'moving away', layout.current(directoryOf(trail)), reading);
    case 'ending-lock':
      return endingLock(trail, stepRelease(state.release, event as Event<never>));
    case 'sweeping':
      return sweeping(trail, stepSweep(state.sweep, event));
    case 'leaving':
      return leaving(trail, state.step, state.outcome, event);
  }
}

/** Step 1: where do things stand? Everything from here on is seen anew. */
function round(trail: Trail): ClaimStep {
  if (trail.rounds >= ROUNDS_MAX) {
    const failure: Failure = { kind: 'claim-unsettled', path: directoryOf(trail), rounds: trail.rounds };
    return leave(trail, { kind: 'failed', failure });
  }
  const next = { ...trail, rounds: trail.rounds + 1 };
  return at('reading-current', next, files('readLink', layout.current(directoryOf(trail))));
}

/** The generation that `current` names; 0 where it names none, or is not there. */
function pointed(reading: Reading): number {
  return reading.kind === 'target' ? (generationOf(reading.target) ?? 0) : 0;
}

function currentRead(trail: Trail, reading: Reading): ClaimStep {
  if (reading.kind === 'failed') return fail(trail, 'reading', layout.current(directoryOf(trail)), reading);
  const seen = pointed(reading);
  const next = { ...trail, seen, last: seen };
  // Without a pointer there is either nothing yet, or somebody removed it and the generations still stand. Starting
  // from the highest that is there keeps a daemon that lost its pointer from being overlooked.
  return seen === 0 ? at('listing', next, files('list', directoryOf(trail))) : walk(next);
}

/** Step 2: a candidate may have published and not have repointed yet, or have died in between. */
function walk(trail: Trail): ClaimStep {
  if (trail.last >= GENERATION_MAX) {
    const cause: Cause = { code: 'EOVERFLOW', message: `there is no generation after ${trail.last}` };
    return fail(trail, 'counting up in', directoryOf(trail), { kind: 'failed', cause });
  }
  return at('walking', trail, files('inspect', ownOf(trail)));
}

function walked(trail: Trail, reading: Reading): ClaimStep {
  if (reading.kind === 'entry') return walk({ ...trail, last: trail.last + 1 });
  if (reading.kind !== 'absent') return fail(trail, 'inspecting', ownOf(trail), reading);
  if (trail.last === 0) return publish(trail);
  // Step 3.
  return at(
    'probing',
    trail,
    probe('connect', layout.generationSocket(directoryOf(trail), trail.last), trail.plan.probeMs),
  );
}

function probed(trail: Trail, reading: ConnectReading): ClaimStep {
  const verdict = judgeConnect(reading, trail.plan.platform);
  switch (verdict.kind) {
    case 'dead':
      return publish(trail);
    case 'absent':
      return at('confirming-absent', trail, files('readLink', layout.current(directoryOf(trail))));
    case 'alive':
      return confirmAlive(trail, undefined);
    case 'unknown':
      return confirmAlive(trail, verdict.cause);
    case 'closed-or-full':
    case 'own':
      return sighting(trail, verdict.kind, sightOwner(ownerOf(trail), trail.plan.self));
  }
}

const ownerOf = (trail: Trail): string =>
  `${layout.generation(directoryOf(trail), trail.last)}/${NAMES.owner}`;

const DOUBTS: Readonly<Record<Mute, { readonly code: string; readonly word: string }>> = {
  'closed-or-full': { code: 'ECONNREFUSED', word: 'refused' },
  own: { code: 'EBUSY', word: 'the listener was handed over to it before' },
};

/** The second witness, where a connection attempt proves nothing: the owner's process. */
function sighting(trail: Trail, mute: Mute, step: ReturnType<typeof sightOwner>): ClaimStep {
  return within(
    step,
    (sight): ClaimState => ({ at: 'sighting-owner', trail, mute, sight }),
    (sighted): ClaimStep => {
      if (sighted.kind === 'unreadable') return confirmAlive(trail, sighted.cause);
      // Every generation has its owner file before it has its name; what has none is no solod's.
      if (sighted.kind === 'nobody' || sighted.vitality === 'dead') return publish(trail);
      const { code, word } = DOUBTS[mute];
      const doubt = { code, message: `${word}, and whether pid ${sighted.owner.pid} lives can't be told` };
      return confirmAlive(trail, sighted.vitality === 'alive' ? undefined : doubt);
    },
  );
}

function confirmAlive(trail: Trail, doubt: Cause | undefined): ClaimStep {
  return go({ at: 'confirming-alive', trail, doubt }, files('readLink', layout.current(directoryOf(trail))));
}

function absenceConfirmed(trail: Trail, reading: Reading): ClaimStep {
  if (reading.kind === 'failed') return fail(trail, 'reading', layout.current(directoryOf(trail)), reading);
  // Collected meanwhile, by the holder of a higher one that `current` names by now.
  if (pointed(reading) !== trail.seen) return round(trail);
  // Nothing collects what `current` names, so this was removed from outside: a pointer to nothing, which blocks nobody.
  if (trail.last === trail.seen) return publish(trail);
  return at('confirming-hole', trail, files('inspect', layout.generation(directoryOf(trail), trail.last)));
}

/**
 * Nobody serves. Step 4: a private directory that was not used before. What others do meanwhile makes no difference: who was seen
 * dead stays dead. Step 5: the one call that decides.
 */
function publish(trail: Trail): ClaimStep {
  if (trail.home === 'none')
    return at('making', { ...trail, home: 'made' }, files('makeDirectory', privateOf(trail)));
  return at('publishing', trail, files('rename', privateOf(trail), ownOf(trail)));
}

function published(trail: Trail, reading: Reading): ClaimStep {
  switch (reading.kind) {
    case 'done':
      return at('rechecking', trail, files('readLink', layout.current(directoryOf(trail))));
    case 'occupied':
    case 'wrong-type':
      return round(trail);
    case 'absent':
      // The private directory, or the whole place, was removed from outside.
      return go({ at: 'closing-withdrawn', trail }, listener('close'));
    default:
      return fail(trail, 'publishing', ownOf(trail), reading);
  }
}

/** Step 6: was the slot one that had been collected already? Then a higher one is, or was, being served. */
function rechecked(trail: Trail, reading: Reading): ClaimStep {
  // Not knowing is no permission: the generation stays behind as a dead one.
  if (reading.kind === 'failed') return fail(trail, 'reading', layout.current(directoryOf(trail)), reading);
  if (pointed(reading) > trail.last)
    return at('withdrawing', trail, files('rename', ownOf(trail), trashOf(trail)));
  return at('linking', trail, files('makeLink', String(trail.last + 1), linkOf(trail)));
}

function again(trail: Trail): ClaimStep {
  return startOver({ ...trail, attempt: trail.attempt + 1, home: 'none', rounds: trail.rounds + 1 });
}

/** Step 7. */
function repoint(trail: Trail): ClaimStep {
  return at('repointing', trail, files('rename', linkOf(trail), layout.current(directoryOf(trail))));
}

function repointed(trail: Trail, reading: Reading): ClaimStep {
  switch (reading.kind) {
    case 'done':
      return endingLock(trail, releaseLock(directoryOf(trail), trail.plan.lockNonce));
    case 'wrong-type':
    case 'occupied':
      // A directory by the name of `current`: not solod's, and in the way of every client.
      return at(
        'displacing',
        trail,
        files('rename', layout.current(directoryOf(trail)), `${trashOf(trail)}.current`),
      );
    default:
      return fail(trail, 'repointing', layout.current(directoryOf(trail)), reading);
  }
}

function endingLock(trail: Trail, step: ReturnType<typeof releaseLock>): ClaimStep {
  return within(
    step,
    (release): ClaimState => ({ at: 'ending-lock', trail, release }),
    (): ClaimStep =>
      sweeping(
        trail,
        sweep({
          directory: directoryOf(trail),
          nonce: nonceFor(trail),
          own: trail.last + 1,
          proven: trail.last,
          platform: trail.plan.platform,
          probeMs: trail.plan.probeMs,
        }),
      ),
  );
}

/** Step 8. */
function sweeping(trail: Trail, step: Step<SweepState, undefined>): ClaimStep {
  return within(
    step,
    (state): ClaimState => ({ at: 'sweeping', trail, sweep: state }),
    (): ClaimStep => end({ kind: 'claimed', generation: trail.last + 1 }),
  );
}

function fail(trail: Trail, act: string, path: string, reading: Reading): ClaimStep {
  const failure: Failure = { kind: 'claim-failed', act, path, cause: causeOf(reading) };
  return leave(trail, { kind: 'failed', failure });
}

/** Goes without a trace: the private directory, and the lock under which this candidate was started. */
function leave(trail: Trail, outcome: ClaimOutcome): ClaimStep {
  if (trail.home === 'none')
    return releasing(trail, outcome, releaseLock(directoryOf(trail), trail.plan.lockNonce));
  return go({ at: 'leaving', trail, step: 'closing', outcome }, listener('close'));
}

function leaving(trail: Trail, step: Leaving, outcome: ClaimOutcome, event: Event): ClaimStep {
  switch (step) {
    case 'closing':
      return go({ at: 'leaving', trail, step: 'discarding', outcome }, files('removeTree', privateOf(trail)));
    case 'discarding':
      return go({ at: 'leaving', trail, step: 'unlinking', outcome }, files('removeFile', linkOf(trail)));
    case 'unlinking':
      return releasing(trail, outcome, releaseLock(directoryOf(trail), trail.plan.lockNonce));
    default:
      return releasing(trail, outcome, stepRelease(step, event as Event<never>));
  }
}

function releasing(trail: Trail, outcome: ClaimOutcome, step: ReturnType<typeof releaseLock>): ClaimStep {
  return within(
    step,
    (release): ClaimState => ({ at: 'leaving', trail, step: release, outcome }),
    (): ClaimStep => end(outcome),
  );
}
