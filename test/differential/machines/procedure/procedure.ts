/**
 * How a procedure of the domain is written: a function from a state and an event to the next state and the one port
 * call to make there. States and calls are plain data, so that a search can hash them, compare them, and stop a
 * process between any two calls.
 */

import type { Clock } from '../../../../src/ports/clock.js';
import type { FileSystem } from '../../../../src/ports/file-system.js';
import type { Listener } from '../../../../src/ports/listener.js';
import type { ProcessTable, TerminationSignal } from '../../../../src/ports/process-table.js';
import type { Instant } from '../../../../src/ports/readings.js';
import type { SocketProbe } from '../../../../src/ports/socket-probe.js';
import type { Spawner } from '../../../../src/ports/spawner.js';

export interface Ports {
  readonly clock: Clock;
  readonly files: FileSystem;
  readonly probe: SocketProbe;
  readonly listener: Listener;
  readonly processes: Omit<ProcessTable, 'self'>;
  readonly spawner: Spawner;
}

type Method = (...args: never[]) => unknown;

type CallsOn<P extends keyof Ports> = {
  [M in keyof Ports[P] & string]: Ports[P][M] extends Method
    ? { readonly port: P; readonly method: M; readonly args: Readonly<Parameters<Ports[P][M]>> }
    : never;
}[keyof Ports[P] & string];

type ReadingOn<P extends keyof Ports> = {
  [M in keyof Ports[P]]: Ports[P][M] extends (...args: never[]) => infer R ? Awaited<R> : never;
}[keyof Ports[P]];

/** Calls that return at once, and what they return. A machine of these alone runs without a turn of an event loop. */
export type SyncPort = 'files' | 'processes' | 'spawner';
export type SyncCommand = { [P in SyncPort]: CallsOn<P> }[SyncPort];
export type SyncReading = { [P in SyncPort]: ReadingOn<P> }[SyncPort];

type Timed = Exclude<CallsOn<'clock'>, { readonly method: 'now' }>;
/** One port call, as data. */
export type Command = SyncCommand | CallsOn<'probe'> | CallsOn<'listener'> | Timed;
export type Reading = Exclude<{ [P in keyof Ports]: ReadingOn<P> }[keyof Ports], Instant>;

/** What a call returned, and when. */
export interface Event<R = Reading> {
  readonly reading: R;
  readonly now: Instant;
}

export type Step<S, O, C = Command> =
  | { readonly kind: 'do'; readonly state: S; readonly command: C }
  | { readonly kind: 'end'; readonly outcome: O };

export function go<S, C>(
  state: S,
  command: C,
): { readonly kind: 'do'; readonly state: S; readonly command: C } {
  return { kind: 'do', state, command };
}

export function end<O>(outcome: O): { readonly kind: 'end'; readonly outcome: O } {
  return { kind: 'end', outcome };
}

/** Runs `part` as a stretch of a larger machine: its states are wrapped, its outcome decides how the larger one goes on. */
export function within<S, O, T, P, C>(
  part: Step<S, O, C>,
  wrap: (state: S) => T,
  after: (outcome: O) => Step<T, P, C>,
): Step<T, P, C> {
  return part.kind === 'do' ? go(wrap(part.state), part.command) : after(part.outcome);
}

export const files = <M extends keyof FileSystem & string>(method: M, ...args: Parameters<FileSystem[M]>) =>
  ({ port: 'files', method, args }) as unknown as Extract<CallsOn<'files'>, { method: M }>;
export const lookUp = (pid: number): CallsOn<'processes'> => ({
  port: 'processes',
  method: 'lookUp',
  args: [pid],
});
export const signal = (pid: number, name: TerminationSignal): CallsOn<'processes'> => ({
  port: 'processes',
  method: 'signal',
  args: [pid, name],
});
export const spawner = <M extends keyof Spawner & string>(method: M, ...args: Parameters<Spawner[M]>) =>
  ({ port: 'spawner', method, args }) as unknown as Extract<CallsOn<'spawner'>, { method: M }>;
export const probe = <M extends keyof SocketProbe & string>(method: M, ...args: Parameters<SocketProbe[M]>) =>
  ({ port: 'probe', method, args }) as unknown as Extract<CallsOn<'probe'>, { method: M }>;
export const listener = <M extends keyof Listener & string>(method: M, ...args: Parameters<Listener[M]>) =>
  ({ port: 'listener', method, args }) as unknown as Extract<CallsOn<'listener'>, { method: M }>;
export const sleep = (ms: number): Timed => ({ port: 'clock', method: 'sleep', args: [ms] });

/** A reading that a port never returns for the call that was made: a broken adapter, not a state of the world. */
export function unexpected(where: string, reading: { readonly kind: string }): never {
  throw new Error(`${where}: a port returned "${reading.kind}", which it never does for this call`);
}
