/** What a simulated machine is made of, as plain data. */

import type { ClaimOutcome, ClaimStep } from '../../domain/claim.js';
import type { KickOutcome, KickStep } from '../../domain/kick.js';
import type { Place } from '../../domain/layout.js';
import type { ObtainOutcome, ObtainStep } from '../../domain/obtain.js';
import type { Instant } from '../../domain/ports.js';
import type { SpawnReason } from '../../domain/spawn-plan.js';
import type { ClassicState } from './classic.js';
import type { Directory } from './tree.js';

export const PLACE: Place = { root: '/s', directory: '/s/n' };
/** What a process does. The steps are the domain's own. */
export type Program =
  | { readonly kind: 'claim'; readonly step: ClaimStep }
  | { readonly kind: 'obtain'; readonly step: ObtainStep }
  | { readonly kind: 'kick'; readonly step: KickStep }
  | { readonly kind: 'classic'; readonly at: ClassicState }
  /** Generation 0: the classic protocol, which has none. */
  | { readonly kind: 'serving'; readonly generation: number }
  | { readonly kind: 'over'; readonly outcome: ClaimOutcome | ObtainOutcome | KickOutcome };

export interface Process {
  readonly pid: number;
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
  /** Who started it; 0 for the outside. */
  readonly parent: number;
  /** What its parent sees when it has ended. */
  readonly exit: { readonly code: number | undefined; readonly signal: string | undefined } | undefined;
}

export interface World {
  readonly root: Directory;
  readonly processes: readonly Process[];
  readonly now: Instant;
  readonly spawns: readonly SpawnReason[];
  /** Which sockets a candidate has given way to: whoever listens there must come to serve. */
  readonly trusted: readonly string[];
  /** How many more processes may be killed. */
  readonly kills: number;
}

/** Process ids are given in order: the first of a world has this one. */
export const FIRST_PID = 101;

export const processOf = (world: World, pid: number): Process | undefined => world.processes[pid - FIRST_PID];

export function update(world: World, process: Process): World {
  return { ...world, processes: world.processes.with(process.pid - FIRST_PID, process) };
}

export const listensBehind = (world: World, socket: string): Process | undefined =>
  world.processes.find(({ alive, listener }) => alive && listener === socket && socket !== '');

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
