/**
 * The claim on a system whose sockets have no names in the file system (Windows): the daemon of a name is the
 * process that holds one file. The kernel lets one process alone hold it, and frees it with that process,
 * however it ends. docs/decisions/0018-claim-by-lock.md says why.
 *
 * A candidate that holds the file owns everything else in `current`, and writes it anew: first who it is,
 * then how to reach it, and that listens already. A candidate that can't hold the file gives way to a daemon
 * that answers. Nothing is concluded from silence: a program that merely looks at the file may have it open.
 */

import type { Cause } from '../../ports/readings.js';
import { judgeConnect } from '../evidence/connect-verdict.js';
import { type Failure, unpreparedFailure } from '../failure.js';
import { releaseLock } from '../lock/held-lock.js';
import { aliveBeside, claimLayout, layout } from '../place/layout.js';
import { prepareDirectory } from '../place/state-directory.js';
import type { NoSuccess } from '../procedure/cause.js';
import {
  files,
  go,
  inPhases,
  listener,
  type Next,
  type Procedure,
  part,
  probe,
  type Sync,
  sleep,
  witness,
} from '../procedure/procedure.js';
import type { ClaimOutcome, ClaimPlan } from './claim.js';
import { claimFailed } from './find-last-generation.js';
import type { OwnershipOutcome, OwnershipPlan } from './name-ownership.js';
import { listToSweep, type SweepPlan, sweepOne } from './sweep.js';

/** Nothing is counted here: each daemon takes the place of the one before. */
const ONLY_GENERATION = 1;

/** How long a candidate waits for a holder that does not answer, and for a file that a reader has open. */
const POLL_MS = 50;
const LOCK_ROUNDS_MAX = 40;

interface Candidate {
  readonly plan: ClaimPlan;
  readonly rounds: number;
}

interface Memories {
  readonly prepare: Candidate;
  readonly hold: Candidate;
  readonly meet: Candidate;
  readonly ready: Candidate;
  /** What is left to publish, in order. */
  readonly publish: Candidate & { readonly left: readonly Published[] };
  readonly settle: Candidate;
  readonly sweep: { readonly plan: SweepPlan; readonly due: readonly string[] };
  readonly leave: Candidate & { readonly outcome: ClaimOutcome };
}

type Published = 'owner' | 'socket';
type Then = Next<Memories> | ClaimOutcome;

/** Every daemon here holds its file. */
const ownTextIn = ({
  ownerText,
  heldOwnerText = ownerText,
}: Pick<ClaimPlan, 'ownerText' | 'heldOwnerText'>): string => heldOwnerText;
const directoryOf = ({ plan }: Candidate): string => plan.place.directory;
const currentOf = (me: Candidate): string => layout.current(directoryOf(me));
const lockFileOf = (me: Candidate): string => aliveBeside(layout.currentOwner(directoryOf(me)));
const privateOf = (me: Candidate): string => layout.private(directoryOf(me), me.plan.nonce);
const leaveWith = ({ plan, rounds }: Candidate, outcome: ClaimOutcome): Then =>
  go('leave', { plan, rounds, outcome });
const fail = (me: Candidate, failure: Failure): Then => leaveWith(me, { kind: 'failed', failure });

export const claimByLock = (plan: ClaimPlan): Procedure<ClaimOutcome> =>
  inPhases<Memories, ClaimOutcome>(
    { prepare, hold, meet, ready, publish, settle, sweep, leave },
    go('prepare', { plan, rounds: 0 }),
  );

function* prepare(me: Candidate): Procedure<Then> {
  const prepared = yield* prepareDirectory(me.plan);
  if (prepared.kind !== 'prepared') {
    const failure = unpreparedFailure(prepared);
    // Nothing in a directory that is not trusted is touched, not even a lock.
    return prepared.kind === 'distrusted' ? { kind: 'failed', failure } : fail(me, failure);
  }
  const made = yield* files('makeDirectories', currentOf(me));
  return made.kind === 'done' || made.kind === 'occupied'
    ? go('hold', me)
    : fail(me, claimFailed('making', currentOf(me), made));
}

/** The one call that decides. */
function* hold(me: Candidate): Procedure<Then> {
  const held = yield* witness('hold', lockFileOf(me));
  if (held.kind === 'done') return go('ready', me);
  return held.kind === 'held' ? go('meet', me) : fail(me, claimFailed('holding', lockFileOf(me), held));
}

/** Another process holds the file: a daemon, one that is about to be, or a program that looks at it. */
function* meet({ plan, rounds }: Candidate): Procedure<Then> {
  const { place, platform, probeMs } = plan;
  const reading = yield* probe('connect', layout.currentSocket(place.directory), probeMs);
  const isAlive = judgeConnect(reading, platform).kind === 'alive';
  if (isAlive || rounds >= LOCK_ROUNDS_MAX) {
    const doubt = isAlive ? undefined : HELD_IN_SILENCE;
    return leaveWith({ plan, rounds }, { kind: 'gave-way', generation: ONLY_GENERATION, doubt });
  }
  yield* sleep(POLL_MS);
  return go('hold', { plan, rounds: rounds + 1 });
}

const HELD_IN_SILENCE: Cause = { code: 'EBUSY', message: 'a process holds the name and does not answer' };

/** It listens, and its owner is written down, before either has a public name. */
function* ready({ plan }: Candidate): Procedure<Then> {
  const me: Candidate = { plan, rounds: 0 };
  const [directory, { nonce }] = [directoryOf(me), plan];
  const made = yield* files('makeDirectory', privateOf(me));
  if (made.kind !== 'done') return fail(me, claimFailed('making', privateOf(me), made));
  const written = yield* files('createFile', claimLayout.privateOwner(directory, nonce), ownTextIn(plan));
  if (written.kind !== 'done')
    return fail(me, claimFailed('writing the owner file in', privateOf(me), written));
  const listens = yield* listener('listen', claimLayout.privateSocket(directory, nonce));
  if (listens.kind !== 'done') return fail(me, claimFailed('listening in', privateOf(me), listens));
  return go('publish', { ...me, left: ['owner', 'socket'] });
}

function* publish({ plan, rounds, left }: Memories['publish']): Procedure<Then> {
  const me = { plan, rounds };
  const [next, ...rest] = left;
  if (next === undefined) return go('settle', me);
  const { from, to } = pathsOf(me, next);
  const renamed = yield* files('rename', from, to);
  if (renamed.kind === 'done') return go('publish', { ...me, left: rest });
  if (rounds >= LOCK_ROUNDS_MAX) return fail(me, claimFailed('publishing', to, renamed));
  yield* clearTheWay(to, renamed);
  return go('publish', { plan, rounds: rounds + 1, left });
}

/** A reader has it open, and will not for long; or something lies there that solod did not make. */
function* clearTheWay(path: string, refused: NoSuccess): Procedure<void> {
  if (refused.kind === 'wrong-type' || refused.kind === 'occupied') yield* files('removeTree', path);
  else yield* sleep(POLL_MS);
}

function pathsOf(me: Candidate, what: Published): { readonly from: string; readonly to: string } {
  const [directory, { nonce }] = [directoryOf(me), me.plan];
  switch (what) {
    case 'owner':
      return { from: claimLayout.privateOwner(directory, nonce), to: layout.currentOwner(directory) };
    case 'socket':
      return { from: claimLayout.privateSocket(directory, nonce), to: layout.currentSocket(directory) };
  }
}

/** Clients find the daemon now: the lock of its start ends. */
function* settle(me: Candidate): Procedure<Then> {
  const { lock, platform, probeMs, nonce } = me.plan;
  if (lock !== undefined) yield* releaseLock(lock);
  yield* files('removeDirectory', privateOf(me));
  const plan: SweepPlan = {
    directory: directoryOf(me),
    nonce,
    below: undefined,
    proven: undefined,
    platform,
    probeMs,
  };
  return go('sweep', { plan, due: yield* listToSweep(plan) });
}

function* sweep({ plan, due }: Memories['sweep']): Procedure<Then> {
  const [name, ...rest] = due;
  if (name === undefined) return { kind: 'claimed', generation: ONLY_GENERATION };
  yield* sweepOne(plan, name);
  return go('sweep', { plan, due: rest });
}

/** Leaves no trace, and above all not the file: a program that goes on would keep the name from everybody. */
function* leave(me: Memories['leave']): Procedure<Then> {
  const { lock } = me.plan;
  yield* listener('close');
  yield* files('removeTree', privateOf(me));
  yield* witness('release', lockFileOf(me));
  if (lock !== undefined) yield* releaseLock(lock);
  return me.outcome;
}

/** Whether a daemon that holds its file is still found by it. A reading that fails proves nothing. */
export const checkOwnershipByLock = part(function* checkOwnershipByLock(
  plan: OwnershipPlan,
): Sync<OwnershipOutcome> {
  const owner = layout.currentOwner(plan.directory);
  const read = yield* files('readText', owner);
  const isOwner = read.kind === 'text' ? read.text === ownTextIn(plan) : read.kind === 'failed';
  if (!isOwner) return { kind: 'lost', path: owner };
  const socket = layout.currentSocket(plan.directory);
  const seen = yield* files('inspect', socket);
  return seen.kind === 'absent' ? { kind: 'lost', path: socket } : { kind: 'held' };
});
