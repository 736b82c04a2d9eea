/**
 * What a daemon that has claimed clears away: generations below its own, and what killed processes left behind. It is
 * housekeeping: nothing waits for it, every error is passed over, and what could still be in use stays.
 */

import { judgeConnect } from '../../../../src/domain/evidence/connect-verdict.js';
import type { ConnectReading } from '../../../../src/ports/socket-probe.js';
import { generationOf, isTrash, join, layout, makerOf, type Platform } from '../place/layout.js';
import { type Event, end, files, go, lookUp, probe, type Step } from '../procedure/procedure.js';

export interface SweepPlan {
  readonly directory: string;
  readonly nonce: string;
  /** The own generation. Only what is lower is collected, and only while `current` names this one. */
  readonly own: number;
  /** The generation that the claim has seen dead. */
  readonly proven: number;
  readonly platform: Platform;
  readonly probeMs: number;
}

/** A private name that is older than this, and whose maker is gone, belongs to nobody. */
export const ABANDONED_MS = 60_000;
/** What one daemon clears away at most: the next one goes on with the rest. */
const SWEEP_MAX = 256;

export interface SweepState {
  readonly at: 'listing' | 'probing' | 'moving' | 'removing' | 'inspecting' | 'looking-up';
  readonly plan: SweepPlan;
  /** What is still to do, the first of it being done. */
  readonly queue: readonly string[];
}

type SweepStep = Step<SweepState, undefined>;

export function sweep(plan: SweepPlan): SweepStep {
  return go({ at: 'listing', plan, queue: [] }, files('list', plan.directory));
}

export function stepSweep(state: SweepState, { reading, now }: Event): SweepStep {
  const { plan } = state;
  switch (state.at) {
    case 'listing':
      return take(plan, reading.kind === 'names' ? toSweep(plan, reading.names) : []);
    case 'probing': {
      const { kind } = judgeConnect(reading as ConnectReading, plan.platform);
      // Behind `own` is a daemon that had the same listener before: whoever published next has seen it dead.
      return kind === 'dead' || kind === 'absent' || kind === 'own' ? move(state) : next(state);
    }
    case 'moving':
      // EXDEV: an overlay file system's lower layer can't be moved. It is dead, and stays.
      return reading.kind === 'done' ? remove(state, trashOf(state)) : next(state);
    case 'removing':
      return next(state);
    case 'inspecting': {
      const ageMs = reading.kind === 'entry' ? now.wallMs - reading.entry.modifiedMs : 0;
      const maker = makerOf(headOf(state));
      if (ageMs < ABANDONED_MS || maker === undefined) return next(state);
      return go({ ...state, at: 'looking-up' as const }, lookUp(maker));
    }
    case 'looking-up':
      return reading.kind === 'gone' ? remove(state, join(plan.directory, headOf(state))) : next(state);
  }
}

function toSweep(plan: SweepPlan, names: readonly string[]): string[] {
  const lower = (name: string): boolean => (generationOf(name) ?? plan.own) < plan.own;
  const others = (name: string): boolean => makerOf(name) !== undefined && !name.includes(plan.nonce);
  const due = names.filter((name) => lower(name) || isTrash(name) || others(name));
  // What takes one call each comes first: generations are numbers, and sort before everything else.
  return due.sort().reverse().slice(0, SWEEP_MAX);
}

function take(plan: SweepPlan, queue: readonly string[]): SweepStep {
  const [name] = queue;
  if (name === undefined) return end(undefined);
  const state = { plan, queue };
  const path = join(plan.directory, name);
  if (isTrash(name)) return remove({ ...state, at: 'removing' }, path);
  if (makerOf(name) !== undefined) return go({ ...state, at: 'inspecting' as const }, files('inspect', path));
  const generation = Number(name);
  if (generation === plan.proven) return move({ ...state, at: 'moving' });
  const socket = layout.generationSocket(plan.directory, generation);
  return go({ ...state, at: 'probing' as const }, probe('connect', socket, plan.probeMs));
}

const next = ({ plan, queue }: SweepState): SweepStep => take(plan, queue.slice(1));
const headOf = ({ queue }: SweepState): string => queue[0] ?? '';
const trashOf = (state: SweepState): string =>
  layout.trash(state.plan.directory, `${state.plan.nonce}.${headOf(state)}`);

function move(state: SweepState): SweepStep {
  const path = join(state.plan.directory, headOf(state));
  return go({ ...state, at: 'moving' as const }, files('rename', path, trashOf(state)));
}

function remove(state: SweepState, path: string): SweepStep {
  return go({ ...state, at: 'removing' as const }, files('removeTree', path));
}
