/** What a simulated machine is made of, as plain data. */

import type { ClaimOutcome } from '../../../domain/claim/claim.js';
import type { KickOutcome } from '../../../domain/obtain/kick.js';
import type { ObtainOutcome } from '../../../domain/obtain/obtain.js';
import type { Place } from '../../../domain/place/layout.js';
import type { Instant } from '../../../ports/readings.js';
import type { SpawnReason } from '../../../ports/spawn-reason.js';
import type { Directory } from './file-tree.js';
import type { Point } from './points.js';

export type ClassicState =
  | { readonly kind: 'binding'; readonly tries: number }
  | { readonly kind: 'listening' }
  | { readonly kind: 'probing'; readonly time: 1 | 2 }
  | { readonly kind: 'unlinking' };

/** The user to whom everything belongs. */
export const USER = 1;

export const PLACE: Place = { root: '/s', directory: '/s/n' };

/** How a process has ended, of itself. */
export type Outcome =
  | ClaimOutcome
  | ObtainOutcome
  | KickOutcome
  | { readonly kind: 'drained' }
  | SpecimenOutcome;

/** How a specimen ends: a protocol that is tried out, and has neither generations nor failures. */
export type SpecimenOutcome = { readonly kind: 'serves' } | { readonly kind: 'gives-way' };

/** The domain's own procedures, and one that is tried out. */
export type ProcedureKind = 'claim' | 'obtain' | 'kick' | 'specimen';

/** What a process does. */
export type Program =
  | { readonly kind: ProcedureKind; readonly point: Point }
  | { readonly kind: 'classic'; readonly state: ClassicState }
  | { readonly kind: 'serving'; readonly generation: Generation }
  /** Asked to stop: it takes nothing on any more, and listens until it ends. */
  | { readonly kind: 'draining'; readonly generation: Generation }
  | { readonly kind: 'over'; readonly outcome: Outcome };

/** The classic protocol, and a specimen, have no generations. */
export type Generation = number | 'none';

/** What a process was put there as. */
export type Role = 'candidate' | 'client' | 'kick' | 'classic' | 'specimen';

export interface Process {
  readonly pid: number;
  readonly role: Role;
  readonly program: Program;
  readonly alive: boolean;
  /** Its own socket, as long as that listens; empty for none. */
  readonly listener: string;
  /** How many sockets it has bound. */
  readonly bound: number;
  /** Who its latest connection leads to; empty for none. */
  readonly connection: string;
  /** Until when it sleeps, by the monotonic clock; undefined when it is awake. */
  readonly wakeMs: number | undefined;
  /** Whether it has made a call yet. */
  readonly moved: boolean;
  /** By SIGSTOP. */
  readonly paused: boolean;
  /** Whether a call of its own has failed for no reason that lies in the protocol. */
  readonly faulted: boolean;
  /** Whether somebody was killed, or asked to stop, since it began. */
  readonly shaken: boolean;
  /** Whether another has begun in its place, after it was killed. */
  readonly replaced: boolean;
  /** Who started it; 0 for the outside. */
  readonly parent: number;
  /** What its parent sees when it has ended. */
  readonly exit: { readonly code: number | undefined; readonly signal: string | undefined } | undefined;
}

/** How often each thing may be done to a machine from outside. */
export interface Limits {
  readonly kills: number;
  /** Calls that fail: ENOSPC, EACCES, EMFILE. */
  readonly faults: number;
  /** SIGSTOP; a process that was stopped goes on at some time. */
  readonly pauses: number;
  /** A process from outside that was killed begins anew as another process. */
  readonly restarts: number;
  /** Daemons asked to stop. */
  readonly stops: number;
  /** Times at which everybody is slow: the clock goes on by two seconds though somebody could make a call. */
  readonly ticks: number;
  /** Somebody removes `current` by hand. */
  readonly removals: number;
}

export const UNDISTURBED: Limits = {
  kills: 0,
  faults: 0,
  pauses: 0,
  restarts: 0,
  stops: 0,
  ticks: 0,
  removals: 0,
};

/** Whose rules hold: for files that are held, full backlogs, and the claim. */
export type System = 'linux' | 'darwin' | 'windows';

export interface World {
  readonly system: System;
  readonly root: Directory;
  readonly processes: readonly Process[];
  readonly now: Instant;
  readonly spawns: readonly SpawnReason[];
  /** Which sockets a candidate has given way to: the process that listens there must come to serve. */
  readonly trusted: readonly string[];
  readonly limits: Limits;
  /** What is left of the limits. */
  readonly left: Limits;
}

export const used = ({ limits, left }: World, what: keyof Limits): number => limits[what] - left[what];

export const spend = (world: World, what: keyof Limits): World => ({
  ...world,
  left: { ...world.left, [what]: world.left[what] - 1 },
});

/**
 * Process ids are given in order: the first of a world has this one. None is a multiple of ten, and all times
 * are, so that in a state's text the ones can be told from the others.
 */
export const FIRST_PID = 101;
export const PROCESSES_MAX = 9;

export const processOf = (world: World, pid: number): Process | undefined => world.processes[pid - FIRST_PID];

export function update(world: World, process: Process): World {
  return { ...world, processes: world.processes.with(process.pid - FIRST_PID, process) };
}

export const listensBehind = (world: World, socket: string): Process | undefined =>
  socket === '' ? undefined : world.processes.find(({ alive, listener }) => alive && listener === socket);

/** A daemon, up to its end. */
export const isDaemon = ({ alive, program }: Process): boolean =>
  alive && (program.kind === 'serving' || program.kind === 'draining');

/** Killed, rather than come to its own end. */
export const wasKilled = ({ exit }: Process): boolean => exit?.signal === 'SIGKILL';

/** A call that has been made: who made it, what it was, what it answered. */
export interface Made {
  readonly pid: number;
  readonly call: string;
  readonly answer: string;
}

export interface Advanced {
  readonly world: World;
  /** Told only to who asks: a search makes millions of calls. */
  readonly made: () => Made;
}
