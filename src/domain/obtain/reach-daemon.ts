/** What a caller asks of the daemon that `current` names, each by a deadline of the monotonic clock. */

import type { ConnectReading, GreetReading } from '../../ports/socket-probe.js';
import { type Owner, parseOwner } from '../evidence/owner.js';
import { layout } from '../place/layout.js';
import { files, now, type Procedure, part, probe, type Sync } from '../procedure/procedure.js';

/** The monotonic clock, in milliseconds. */
export const nowMs = part(function* nowMs(): Sync<number> {
  return (yield* now()).monotonicMs;
});

export const leftMs = part(function* leftMs(untilMs: number): Sync<number> {
  return Math.max(0, untilMs - (yield* nowMs()));
});

export const connect = part(function* connect(directory: string, untilMs: number): Procedure<ConnectReading> {
  return yield* probe('connect', layout.currentSocket(directory), yield* leftMs(untilMs));
});

export type Greeting = GreetReading | { readonly kind: 'too-late' };

export const greet = part(function* greet(untilMs: number): Procedure<Greeting> {
  const withinMs = yield* leftMs(untilMs);
  // A caller that was held up until its time was over asks for nothing any more: it would not hear the
  // answer.
  return withinMs > 0 ? yield* probe('greet', withinMs) : { kind: 'too-late' };
});

/** Who owns the name; undefined where that can't be read. */
export const readOwner = part(function* readOwner(directory: string): Sync<Owner | undefined> {
  const reading = yield* files('readText', layout.currentOwner(directory));
  return reading.kind === 'text' ? parseOwner(reading.text) : undefined;
});
