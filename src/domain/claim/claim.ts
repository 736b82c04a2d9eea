/**
 * The claim: exactly one of all candidates comes to serve a name. docs/decisions/0001-generations.md says why
 * it is built like this; the step numbers are those of that page.
 *
 * A candidate looks whether somebody serves, and gives way. If nobody does it gets a directory ready, with a
 * socket in it that already listens, under a private name. One exclusive rename(2) publishes it as the next
 * generation. So a public name never refers to a socket that does not listen yet, refusal at a public name is
 * final, and nothing that could be alive is ever removed.
 */

import type { Cause } from '../../ports/readings.js';
import { judgeConnect } from '../evidence/connect-verdict.js';
import { sightOwner } from '../evidence/owner-witness.js';
import { type Failure, unpreparedFailure } from '../failure.js';
import { type HeldLock, releaseLock } from '../lock/held-lock.js';
import { claimLayout, generationAfter, layout, type Place, type Platform } from '../place/layout.js';
import { prepareDirectory } from '../place/state-directory.js';
import type { NoSuccess } from '../procedure/cause.js';
import {
  files,
  go,
  inPhases,
  listener,
  type Next,
  type Procedure,
  probe,
  witness,
} from '../procedure/procedure.js';
import { claimFailed, findLast, inspect, type LastReading, readCurrent } from './find-last-generation.js';
import { listToSweep, type SweepPlan, sweepOne } from './sweep.js';

export interface ClaimPlan {
  readonly place: Place;
  readonly userId: number;
  readonly platform: Platform;
  /** Begins with the own process id (see `nonceOf`), and is nobody else's. */
  readonly nonce: string;
  /** The spawn lock under which this process was started: it ends with the claim, however that ends. */
  readonly lock: HeldLock | undefined;
  /** The text of `owner.json`. */
  readonly ownerText: string;
  /** The same, saying that this process holds a file. Undefined on a system where none is held. */
  readonly heldOwnerText?: string | undefined;
  /** How long one connection attempt may take, in milliseconds. */
  readonly probeMs: number;
}

export type ClaimOutcome =
  | { readonly kind: 'claimed'; readonly generation: number }
  /** Another daemon serves the name. With a `doubt`: it may serve, and what is ambiguous counts as alive. */
  | { readonly kind: 'gave-way'; readonly generation: number; readonly doubt: Cause | undefined }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** How often a candidate looks anew before it gives up: far more than any number of rivals costs. */
export const ROUNDS_MAX = 64;

/** What a candidate remembers from phase to phase. */
interface Candidate {
  readonly plan: ClaimPlan;
  /** Which private directory: one that was withdrawn is not used again. */
  readonly attempt: number;
  /** Whether the private directory exists. A candidate that gives way early never makes it. */
  readonly home: 'none' | 'made';
  readonly rounds: number;
}

/** `last` is the generation that the candidate believes to be the last; undefined where there is none. */
type Publishing = Candidate & { readonly last: number | undefined };
/** `generation` is the candidate's own. */
type Published = Candidate & { readonly generation: number };

interface Memories {
  readonly prepare: Candidate;
  readonly look: Candidate;
  readonly publish: Publishing;
  readonly recheck: Published;
  /** Without a generation where the private directory was removed from outside. */
  readonly withdraw: Candidate & { readonly generation: number | undefined };
  readonly repoint: Published;
  readonly settle: Published;
  readonly sweep: { readonly generation: number; readonly plan: SweepPlan; readonly due: readonly string[] };
  readonly leave: Candidate & { readonly outcome: ClaimOutcome };
}

type Then = Next<Memories> | ClaimOutcome;

const directoryOf = ({ plan }: Candidate): string => plan.place.directory;
const nonceFor = ({ plan, attempt }: Candidate): string => claimLayout.nonce(plan.nonce, attempt);
const privateOf = (me: Candidate): string => layout.private(directoryOf(me), nonceFor(me));
const aliveOf = (me: Candidate): string => claimLayout.privateAlive(directoryOf(me), nonceFor(me));
const linkOf = (me: Candidate): string => claimLayout.privateLink(directoryOf(me), nonceFor(me));
const trashOf = (me: Candidate): string => claimLayout.trash(directoryOf(me), nonceFor(me));
const currentOf = (me: Candidate): string => layout.current(directoryOf(me));
const ownOf = (me: Published): string => layout.generation(directoryOf(me), me.generation);

/** Without what one phase alone has seen: the next one sees it anew. */
const bare = ({ plan, attempt, home, rounds }: Candidate): Candidate => ({ plan, attempt, home, rounds });
const leaveWith = (me: Candidate, outcome: ClaimOutcome): Then => go('leave', { ...bare(me), outcome });
const fail = (me: Candidate, failure: Failure): Then => leaveWith(me, { kind: 'failed', failure });
const failAt = (me: Candidate, act: string, path: string, reading: NoSuccess): Then =>
  fail(me, claimFailed(act, path, reading));

export const claim = (plan: ClaimPlan): Procedure<ClaimOutcome> =>
  inPhases<Memories, ClaimOutcome>(
    { prepare, look, publish, recheck, withdraw, repoint, settle, sweep, leave },
    go('prepare', { plan, attempt: 0, home: 'none', rounds: 0 }),
  );

function* prepare(me: Candidate): Procedure<Then> {
  const prepared = yield* prepareDirectory(me.plan);
  if (prepared.kind === 'prepared') return go('look', me);
  const failure = unpreparedFailure(prepared);
  // Nothing in a directory that is not trusted is touched, not even a lock.
  return prepared.kind === 'distrusted' ? { kind: 'failed', failure } : fail(me, failure);
}

// --- steps 1 to 3: does somebody serve? --------------------------------------------------------------------

/** `seen` is what `current` named when the look began, `last` the last generation that it found. */
type Looking = Candidate & { readonly seen: number | undefined; readonly last: number };

function* look(before: Candidate): Procedure<Then> {
  const me = { ...before, rounds: before.rounds + 1 };
  const directory = directoryOf(me);
  if (before.rounds >= ROUNDS_MAX)
    return fail(before, { kind: 'claim-unsettled', path: directory, rounds: before.rounds });
  const current = yield* readCurrent(directory);
  if (current.kind === 'failed') return failAt(me, 'reading', currentOf(me), current);
  const found = yield* findLast(directory, current.generation);
  if (found.kind === 'failed') return fail(me, found.failure);
  if (found.last === undefined) return go('publish', { ...me, last: undefined });
  return yield* judge({ ...me, seen: current.generation, last: found.last });
}

/** Step 3. */
function* judge(me: Looking): Procedure<Then> {
  const { place, platform, probeMs } = me.plan;
  const reading = yield* probe('connect', layout.generationSocket(place.directory, me.last), probeMs);
  const verdict = judgeConnect(reading, platform);
  switch (verdict.kind) {
    case 'dead':
      return follow(me);
    case 'alive':
      return yield* giveWay(me, undefined);
    case 'unknown':
      return yield* giveWay(me, verdict.cause);
    case 'absent':
      return yield* confirmAbsent(me);
    case 'closed-or-full':
    case 'own':
      return yield* askProcess(me, verdict.kind);
  }
}

const again = (me: Candidate): Then => go('look', bare(me));
/** Nobody serves: the next generation is to be had. */
const follow = (me: Publishing): Then => go('publish', { ...bare(me), last: me.last });

/** A connection attempt proves nothing here. The second witness is the owner's process. */
function* askProcess(me: Looking, verdict: 'closed-or-full' | 'own'): Procedure<Then> {
  const sighted = yield* sightOwner(claimLayout.generationOwner(directoryOf(me), me.last));
  if (sighted.kind === 'unreadable') return yield* giveWay(me, sighted.cause);
  // Every generation has its owner file before it has its name; what has none was not made by solod.
  if (sighted.kind === 'nobody' || sighted.vitality === 'dead') return follow(me);
  if (sighted.vitality === 'alive') return yield* giveWay(me, undefined);
  const { code, word } = DOUBTS[verdict];
  const message = `${word}, and whether pid ${sighted.owner.pid} lives can't be told`;
  return yield* giveWay(me, { code, message });
}

const DOUBTS = {
  'closed-or-full': { code: 'ECONNREFUSED', word: 'refused' },
  own: { code: 'EBUSY', word: 'the listener was handed over to it before' },
} as const;

/** Unless `current` has moved: then what answered has been replaced, or is a candidate that withdraws. */
function* giveWay(me: Looking, doubt: Cause | undefined): Procedure<Then> {
  const current = yield* readCurrent(directoryOf(me));
  if (current.kind === 'failed') return failAt(me, 'reading', currentOf(me), current);
  if (current.generation !== me.seen) return again(me);
  return leaveWith(me, { kind: 'gave-way', generation: me.last, doubt });
}

function* confirmAbsent(me: Looking): Procedure<Then> {
  const current = yield* readCurrent(directoryOf(me));
  if (current.kind === 'failed') return failAt(me, 'reading', currentOf(me), current);
  // Another daemon has collected it meanwhile, and `current` names that daemon's higher generation by now.
  if (current.generation !== me.seen) return again(me);
  if (me.last === me.seen) return yield* lookAbove(me);
  const still = yield* inspect(layout.generation(directoryOf(me), me.last));
  // A generation without a socket is dead. Without the generation: look where the others have gone.
  return still.kind === 'absent' ? again(me) : follow(me);
}

/**
 * Nobody collects what `current` names. It was removed from outside: a pointer to nothing blocks nobody, and
 * hides no daemon of a higher generation.
 */
function* lookAbove(me: Looking): Procedure<Then> {
  const found = yield* findLast(directoryOf(me), undefined);
  if (found.kind === 'failed') return fail(me, found.failure);
  return found.last !== undefined && found.last > me.last
    ? yield* judge({ ...me, last: found.last })
    : follow(me);
}

// --- steps 4 to 6: publish ---------------------------------------------------------------------------------

/**
 * Nobody serves. Step 4: a private directory that was not used before. What others do meanwhile makes no
 * difference: a daemon that was seen dead stays dead. Step 5: the one call that decides.
 */
function* publish(before: Publishing): Procedure<Then> {
  const me: Candidate = { ...bare(before), home: 'made' };
  const failure = before.home === 'none' ? yield* makeHome(me) : undefined;
  if (failure !== undefined) return fail(me, failure);
  const published: Published = { ...me, generation: generationAfter(before.last) };
  const renamed = yield* files('rename', privateOf(me), ownOf(published));
  switch (renamed.kind) {
    case 'done':
      return go('recheck', published);
    case 'occupied':
    case 'wrong-type':
      return go('look', me);
    case 'absent':
      // The private directory, or the whole place, was removed from outside.
      return go('withdraw', { ...me, generation: undefined });
    case 'failed':
      return failAt(me, 'publishing', ownOf(published), renamed);
  }
}

/** Step 4: the owner is written down, and the socket listens, before either has a public name. */
function* makeHome(me: Candidate): Procedure<Failure | undefined> {
  const [directory, nonce] = [directoryOf(me), nonceFor(me)];
  const made = yield* files('makeDirectory', privateOf(me));
  if (made.kind !== 'done') return claimFailed('making', privateOf(me), made);
  const text = yield* holdAlive(me);
  const written = yield* files('createFile', claimLayout.privateOwner(directory, nonce), text);
  if (written.kind !== 'done') return claimFailed('writing the owner file in', privateOf(me), written);
  const listens = yield* listener('listen', claimLayout.privateSocket(directory, nonce));
  return listens.kind === 'done' ? undefined : claimFailed('listening in', privateOf(me), listens);
}

/**
 * @returns the text of the owner file: where no file can be held, its process alone tells whether it lives
 */
function* holdAlive(me: Candidate): Procedure<string> {
  const { ownerText, heldOwnerText } = me.plan;
  if (heldOwnerText === undefined) return ownerText;
  return (yield* witness('hold', aliveOf(me))).kind === 'done' ? heldOwnerText : ownerText;
}

/** Step 6: was the slot one that had been collected already? Then a higher one is, or was, being served. */
function* recheck(me: Published): Procedure<Then> {
  const current = yield* readCurrent(directoryOf(me));
  // Not knowing is not permission: the generation stays behind as a dead one.
  if (current.kind === 'failed') return failAt(me, 'reading', currentOf(me), current);
  const latest = yield* latestOf(directoryOf(me), current.generation);
  if (latest.kind === 'failed') return fail(me, latest.failure);
  // The own number: a caller did not find this candidate, and made `current` anew for it.
  if (latest.last !== undefined && latest.last > me.generation) return go('withdraw', me);
  const linked = yield* files('makeLink', claimLayout.linkTarget(me.generation), linkOf(me));
  return linked.kind === 'done' ? go('repoint', me) : failAt(me, 'making the link', linkOf(me), linked);
}

/** What `current` names. Where it is not there yet, or somebody has removed it, the directory tells. */
function* latestOf(directory: string, named: number | undefined): Procedure<LastReading> {
  return named === undefined ? yield* findLast(directory, undefined) : { kind: 'found', last: named };
}

function* withdraw(me: Memories['withdraw']): Procedure<Then> {
  const { plan, attempt, rounds, generation } = me;
  if (generation !== undefined)
    yield* files('rename', layout.generation(directoryOf(me), generation), trashOf(me));
  yield* listener('close');
  if (plan.heldOwnerText !== undefined) yield* witness('release', aliveOf(me));
  yield* files('removeTree', trashOf(me));
  return go('prepare', { plan, attempt: attempt + 1, home: 'none', rounds: rounds + 1 });
}

// --- steps 7 and 8: take the name --------------------------------------------------------------------------

/** Step 7: `current` names the own generation from here on. */
function* repoint(me: Published): Procedure<Then> {
  const repointed = yield* files('rename', linkOf(me), currentOf(me));
  if (repointed.kind === 'done') return go('settle', me);
  if (repointed.kind !== 'wrong-type' && repointed.kind !== 'occupied')
    return failAt(me, 'repointing', currentOf(me), repointed);
  // A directory by the name of `current`: not solod's, and in the way of every client.
  const displaced = claimLayout.displacedCurrent(directoryOf(me), nonceFor(me));
  const moved = yield* files('rename', currentOf(me), displaced);
  // What can't be moved (a mount point, an overlay's lower layer) stays in every client's way.
  if (moved.kind === 'done' || moved.kind === 'absent') return go('repoint', me);
  return failAt(me, 'moving away', currentOf(me), moved);
}

/** Clients find the daemon now: the lock of its start ends. */
function* settle(me: Published): Procedure<Then> {
  const { lock, platform, probeMs } = me.plan;
  if (lock !== undefined) yield* releaseLock(lock);
  const plan: SweepPlan = {
    directory: directoryOf(me),
    nonce: nonceFor(me),
    below: me.generation,
    // The claim has seen the one before dead: it needs no probe.
    proven: me.generation - 1,
    platform,
    probeMs,
  };
  return go('sweep', { generation: me.generation, plan, due: yield* listToSweep(plan) });
}

/** Step 8. */
function* sweep({ generation, plan, due }: Memories['sweep']): Procedure<Then> {
  const [name, ...rest] = due;
  if (name === undefined) return { kind: 'claimed', generation };
  yield* sweepOne(plan, name);
  return go('sweep', { generation, plan, due: rest });
}

/** Leaves no trace: neither the private directory, nor the lock under which this candidate was started. */
function* leave(me: Memories['leave']): Procedure<Then> {
  const { lock } = me.plan;
  if (me.home === 'made') {
    yield* listener('close');
    if (me.plan.heldOwnerText !== undefined) yield* witness('release', aliveOf(me));
    yield* files('removeTree', privateOf(me));
    yield* files('removeFile', linkOf(me));
  }
  if (lock !== undefined) yield* releaseLock(lock);
  return me.outcome;
}
