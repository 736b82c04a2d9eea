/**
 * How a procedure of the domain is written: a generator that yields one port call at a time, as plain data,
 * and is given what the call returned. The driver makes the call (`run.ts`), or decides when it is made: a
 * test or a search may stop, reorder or kill between any two calls. docs/procedures.md says what an author
 * obeys.
 */

import type { Clock } from '../../ports/clock.js';
import type { FileSystem } from '../../ports/file-system.js';
import type { Listener } from '../../ports/listener.js';
import type { ProcessTable } from '../../ports/process-table.js';
import type { SocketProbe } from '../../ports/socket-probe.js';
import type { Spawner } from '../../ports/spawner.js';
import type { Witness } from '../../ports/witness.js';

export interface Ports {
  readonly clock: Clock;
  readonly files: FileSystem;
  readonly probe: SocketProbe;
  readonly listener: Listener;
  readonly processes: ProcessTable;
  readonly spawner: Spawner;
  /** Asked only where a daemon says that it holds a file. */
  readonly witness: Witness;
}

type MethodOf<P extends keyof Ports> = keyof Ports[P] & string;
type ArgsOf<P extends keyof Ports, M extends MethodOf<P>> = Ports[P][M] extends (...args: infer A) => unknown
  ? Readonly<A>
  : never;
type ReturnOf<P extends keyof Ports, M extends MethodOf<P>> = Ports[P][M] extends (
  ...args: never[]
) => infer R
  ? Awaited<R>
  : never;

type CallOf<P extends keyof Ports, M extends MethodOf<P>> = {
  readonly kind: 'call';
  readonly port: P;
  readonly method: M;
  readonly args: ArgsOf<P, M>;
};
type CallOn<P extends keyof Ports> = { [M in MethodOf<P>]: CallOf<P, M> }[MethodOf<P>];
type ReturnOn<P extends keyof Ports> = { [M in MethodOf<P>]: ReturnOf<P, M> }[MethodOf<P>];

/** One port call, as data. */
export type Call = { [P in keyof Ports]: CallOn<P> }[keyof Ports];
/** A call that returns at once. A procedure of these alone runs without a turn of the event loop. */
export type SyncCall =
  | CallOn<'files'>
  | CallOn<'processes'>
  | CallOn<'spawner'>
  | CallOn<'witness'>
  | CallOf<'clock', 'now'>;
/** What a call may return. */
export type Reading = Extract<{ [P in keyof Ports]: ReturnOn<P> }[keyof Ports], { readonly kind: string }>;

/**
 * Where a phase or a part begins, or a part ends. A driver of production passes over marks, and answers
 * nothing. The search remembers by them where a process stands, and brings it there again with an answer.
 */
export type Mark =
  /** Answered with the phase and the memory to begin with instead. */
  | { readonly kind: 'phase'; readonly phase: string; readonly memory: object }
  /** Answered with the outcome, where that is known: the part is skipped. */
  | { readonly kind: 'part'; readonly name: string; readonly args: readonly unknown[] }
  | { readonly kind: 'end-of-part'; readonly outcome: unknown };

/** Yields calls, is sent what they returned, and returns its outcome. */
export type Procedure<O, C extends Call = Call> = Generator<C | Mark, O, unknown>;
export type Sync<O> = Procedure<O, SyncCall>;

// --- calls -------------------------------------------------------------------------------------------------

function on<P extends keyof Ports>(port: P) {
  return function* <M extends MethodOf<P>>(
    method: M,
    ...args: ArgsOf<P, M>
  ): Procedure<ReturnOf<P, M>, CallOf<P, M> & Call> {
    // The one place at which a procedure stops. The driver answers a call with what this very method
    // returned.
    return (yield { kind: 'call', port, method, args } as CallOf<P, M> & Call) as ReturnOf<P, M>;
  };
}

export const files = on('files');
export const probe = on('probe');
export const listener = on('listener');
export const processes = on('processes');
export const spawner = on('spawner');
export const witness = on('witness');
const clock = on('clock');
/** Time is a reading, as everything else that comes from outside. */
export const now = () => clock('now');
export const sleep = (ms: number) => clock('sleep', ms);

// --- parts -------------------------------------------------------------------------------------------------

/**
 * Makes a part of a generator: a stretch with an outcome of its own. When it has ended, the outcome is all
 * that is left of it; what it was told on the way tells no two states apart. Arguments and outcome are plain
 * data.
 */
/* @__NO_SIDE_EFFECTS__ */
export function part<A extends readonly unknown[], O, Y>(
  body: (...args: A) => Generator<Y, O, unknown>,
): (...args: A) => Generator<Y | Mark, O, unknown> {
  return function* (...args) {
    const known = yield { kind: 'part', name: body.name, args };
    if (known !== undefined) return (known as { readonly outcome: O }).outcome;
    const outcome = yield* body(...args);
    yield { kind: 'end-of-part', outcome };
    return outcome;
  };
}

// --- phases ------------------------------------------------------------------------------------------------

/**
 * A phase to go on with, and all that it is to remember: plain data. `M` has a memory for each phase, by the
 * phase's name.
 */
export type Next<M> = {
  [P in keyof M & string]: { readonly phase: P; readonly memory: M[P] };
}[keyof M & string];

/**
 * Each phase is a generator that names the next one, or ends with an outcome. Nothing but its memory outlives
 * a phase.
 */
export type Phases<M, O, C extends Call = Call> = {
  readonly [P in keyof M & string]: (memory: M[P]) => Procedure<Next<M> | O, C>;
};

export const go = <const P extends string, const M>(
  phase: P,
  memory: M,
): { readonly phase: P; readonly memory: M } => ({
  phase,
  memory,
});

/** A procedure of phases. What may go on for ever goes through a phase again and again. */
export function* inPhases<
  M extends { readonly [P in keyof M]: object },
  O extends object,
  C extends Call = Call,
>(phases: Phases<M, O, C>, first: Next<M>): Procedure<O, C> {
  for (let next = first; ; ) {
    const mark: Mark = { kind: 'phase', phase: next.phase, memory: next.memory };
    const { phase, memory } = ((yield mark) as Next<M> | undefined) ?? next;
    const then = yield* phases[phase](memory);
    if (!('phase' in then)) return then;
    next = then;
  }
}
