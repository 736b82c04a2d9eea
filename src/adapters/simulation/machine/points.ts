/**
 * Where a procedure of the domain stands, as data. Nobody can copy a generator. But a procedure that begins
 * the same phase with the same memory, and is told the same since, stands where it stood; so that is the
 * state of a process. Processes stand at the same few thousand points again and again: a generator is run
 * only for an answer that is new.
 */

import type { Call, Mark, Procedure, Reading } from '../../../domain/procedure/procedure.js';
import type { Identity } from '../../../ports/process-table.js';
import type { Instant } from '../../../ports/readings.js';
import { frozen, plainText } from '../../plain-data.js';
import { type Told, toldMark, toldReading } from '../../told.js';

interface Phase {
  readonly phase: string;
  readonly memory: object;
}

/**
 * Where a procedure stands: the same object whenever it stands there again. Never changed, but for what came
 * of it.
 */
export interface Point {
  readonly run: Run;
  /** Undefined for a procedure without phases. */
  readonly phase: Phase | undefined;
  readonly told: readonly Told[];
  /** The call that comes next. */
  readonly call: Call;
  /** Says all of that: two points with the same text go on the same way. */
  readonly text: string;
  readonly after: Map<string, Point | Ended>;
}

export interface Ended {
  readonly outcome: unknown;
}

/** One procedure of one process. */
interface Run {
  readonly name: string;
  readonly make: () => Procedure<unknown>;
  /** Said in few words, wherever they stand in a memory or a reading: they are the same all the time. */
  readonly known: ReadonlyMap<unknown, string>;
  readonly self: Identity;
  readonly points: Map<string, Point>;
  first?: Point | Ended;
}

/** A procedure's phase, or its own name where it has none. */
export const phaseOf = ({ run, phase }: Point): string => phase?.phase ?? run.name;

/** By procedure; then by plan and process. */
const runs = new WeakMap<object, Map<string, Run>>();

/** A procedure before its first call. */
export function begin<P extends object>(
  procedure: (plan: P) => Procedure<unknown>,
  plan: P,
  self: Identity,
  at: Instant,
): Point | Ended {
  const known = runs.get(procedure) ?? new Map<string, Run>();
  runs.set(procedure, known);
  const id = JSON.stringify([plan, self]);
  const run = known.get(id) ?? newRun(procedure, plan, self);
  known.set(id, run);
  run.first ??= goOnFrom(run, undefined, []);
  return answered(run.first, at);
}

function newRun<P extends object>(procedure: (plan: P) => Procedure<unknown>, plan: P, self: Identity): Run {
  frozen([plan, self]);
  const words = [
    [plan, 'plan'],
    [self, 'self'],
  ] as const;
  return {
    name: procedure.name,
    make: () => procedure(plan),
    known: new Map<unknown, string>(words),
    self,
    points: new Map(),
  };
}

/** What comes of it when its call returns that, at that time. */
export const goOn = (point: Point, reading: Reading, at: Instant): Point | Ended =>
  answered(returned(point, reading), at);

/** No other process can notice that one asks for the time, or who it is. So that is answered at once. */
function answered(first: Point | Ended, at: Instant): Point | Ended {
  let point = first;
  while ('call' in point) {
    const { method } = point.call;
    if (method !== 'now' && method !== 'self') return point;
    point = returned(point, method === 'now' ? at : point.run.self);
  }
  return point;
}

function returned({ run, phase, told, after }: Point, reading: Reading | Instant | Identity): Point | Ended {
  const id = plainText(reading, run.known);
  const before = after.get(id);
  if (before !== undefined) return before;
  const next = toldReading(told, reading);
  const then = goOnFrom(run, phase, next);
  // It is told the same once more. If it ends up elsewhere, it goes by something that no text here says: a
  // clock, chance, a variable of its module.
  const again = goOnFrom(run, phase, next);
  if (textOf(again) !== textOf(then))
    throw new Error(`${run.name}: told the same, ${phase?.phase ?? 'it'} goes on in two ways`);
  after.set(id, then);
  return then;
}

const textOf = (at: Point | Ended): string => ('call' in at ? at.text : plainText(at.outcome));

/** Runs the procedure anew: to the phase, through all that it was told, and on to the next call. */
function goOnFrom(run: Run, from: Phase | undefined, since: readonly Told[]): Point | Ended {
  const generator = run.make();
  let phase = from;
  let told: readonly Told[] = since;
  let said = from === undefined ? generator.next() : comeTo(generator, from);
  for (const one of since) {
    // As it was the first time: what a part is given is not its to change.
    if (said.done !== true && said.value.kind === 'part') frozen(said.value.args);
    said = generator.next(answerOf(one));
  }
  while (said.done !== true) {
    const { value } = said;
    if (value.kind === 'call') return pointAt(run, phase, told, value);
    told = toldMark(told, value);
    if (value.kind === 'phase') phase = { phase: value.phase, memory: value.memory };
    said = generator.next();
  }
  return { outcome: frozen(said.value) };
}

/**
 * Every procedure of phases marks its first one before anything else, and takes another one for an answer.
 */
function comeTo(generator: Procedure<unknown>, phase: Phase): IteratorResult<Call | Mark, unknown> {
  generator.next();
  return generator.next(phase);
}

function answerOf(told: Told): unknown {
  switch (told.kind) {
    case 'reading':
      return told.reading;
    case 'begun-part':
      return undefined;
    case 'outcome':
      return { outcome: told.outcome };
  }
}

/** So many calls within one phase are a circle: what may go on for ever goes through a phase. */
const TOLD_MAX = 200;

function pointAt(run: Run, phase: Phase | undefined, told: readonly Told[], call: Call): Point {
  const text = plainText([phase, told, call.method, call.args], run.known);
  const known = run.points.get(text);
  if (known !== undefined) return known;
  if (told.length > TOLD_MAX) throw new Error(`${run.name}: ${phase?.phase ?? 'it'} goes round in a circle`);
  const point: Point = { run, phase, told, call, text, after: new Map() };
  run.points.set(text, point);
  return point;
}
