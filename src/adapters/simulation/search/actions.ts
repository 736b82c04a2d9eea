/** What may happen next to a world, and what comes of it. */

import {
  goOn,
  isCurrentThere,
  isRestartable,
  kill,
  passTime,
  pause,
  removeCurrent,
  restart,
  stop,
  tick,
} from '../machine/disturbances.js';
import { wordFor } from '../machine/simulated-ports.js';
import {
  type Limits,
  type Made,
  type Process,
  processOf,
  spend,
  type World,
} from '../machine/simulated-state.js';
import { advance, nextCall, type Settings } from '../machine/world.js';
import { isPrivate, isTwin } from './reduction.js';

export type Action =
  | {
      readonly kind: 'step' | 'kill' | 'pause' | 'continue' | 'restart' | 'stop' | 'tick' | 'removal';
      readonly pid: number;
    }
  /** A step in which a call fails: the first, or a later one of those that are made in one go. */
  | { readonly kind: 'fault'; readonly pid: number; readonly call: number };

/**
 * Whether time passes only when nobody can make a step: then nobody is slow, and what is asked for must come
 * in time. Or whenever somebody sleeps: then any process may be slow, and only what must never happen is
 * looked at.
 */
export type Time = 'when-idle' | 'any-time';

/** Whether what is nobody else's affair is tried in one order only, or in every one. */
export type Reductions = 'all' | 'none';

export interface Rules {
  readonly settings: Settings;
  readonly time: Time;
  readonly reductions: Reductions;
}

export function actionsIn(world: World, rules: Rules): Action[] {
  const alive = world.processes.filter(
    (process) => process.alive && (rules.reductions === 'none' || !isTwin(world, process)),
  );
  const movable = movableOf(world, alive, rules.time);
  const actions = movable.map(({ pid }): Action => ({ kind: 'step', pid }));
  for (const { pid, paused } of alive) if (paused) actions.push({ kind: 'continue', pid });
  addDisturbances(world, alive, actions);
  if (world.left.faults > 0) for (const process of movable) addFaults(world, process, rules, actions);
  return actions;
}

/**
 * The processes that can make a call: those that are awake and, when time may pass, those that wake up next.
 */
function movableOf(world: World, alive: readonly Process[], time: Time): Process[] {
  const able = alive.filter(({ paused }) => !paused);
  const awake = able.filter((process) => isAwake(world, process));
  if (time === 'when-idle' && awake.length > 0) return awake;
  const sleepers = able.filter((process) => process.wakeMs !== undefined && !awake.includes(process));
  const due = Math.min(...sleepers.map(({ wakeMs }) => wakeMs ?? Number.POSITIVE_INFINITY));
  return [...awake, ...sleepers.filter(({ wakeMs }) => wakeMs === due)];
}

function isAwake(world: World, process: Process): boolean {
  const { program, wakeMs } = process;
  if (program.kind === 'classic' || program.kind === 'draining') return true;
  if (nextCall(process) === undefined) return false;
  if (wakeMs === undefined || wakeMs <= world.now.monotonicMs) return true;
  return hasWord(world, process);
}

/** Waiting for a word: it may have come. */
const hasWord = (world: World, process: Process): boolean =>
  nextCall(process)?.port === 'probe' && wordFor(world, process) !== undefined;

function addDisturbances(world: World, alive: readonly Process[], actions: Action[]): void {
  const { left } = world;
  const begun = alive.filter(({ moved, parent }) => moved || parent !== 0);
  const add = (limit: keyof Limits, kind: Exclude<Action['kind'], 'fault'>, to: readonly Process[]): void => {
    if (left[limit] > 0) for (const { pid } of to) actions.push({ kind, pid });
  };
  add('kills', 'kill', begun);
  add(
    'pauses',
    'pause',
    begun.filter(({ paused }) => !paused),
  );
  add(
    'stops',
    'stop',
    alive.filter(({ program }) => program.kind === 'serving'),
  );
  add('restarts', 'restart', world.processes.filter(isRestartable));
  if (left.ticks > 0) actions.push({ kind: 'tick', pid: 0 });
  if (left.removals > 0 && isCurrentThere(world)) actions.push({ kind: 'removal', pid: 0 });
}

/** One for each call of the next step that can fail. */
function addFaults(world: World, process: Process, rules: Rules, actions: Action[]): void {
  const { pid } = process;
  let current = atItsTime(world, pid);
  for (let call = 0; call === 0 || goesOn(current, pid, rules); call++) {
    if (advance(current, pid, rules.settings, 'fails') !== undefined)
      actions.push({ kind: 'fault', pid, call });
    const advanced = advance(current, pid, rules.settings);
    if (advanced === undefined) break;
    current = advanced.world;
  }
}

/**
 * Something that the processes do themselves, or that is sure to come. Where there is nothing of that kind
 * left, it is an end.
 */
export const isProgress = ({ kind }: Action): boolean => kind === 'step' || kind === 'continue';

export function take(world: World, action: Action, rules: Rules, onCall?: (made: Made) => void): World {
  const { pid } = action;
  switch (action.kind) {
    case 'step':
      return stretch(world, pid, rules, -1, onCall);
    case 'fault':
      return stretch(spend(world, 'faults'), pid, rules, action.call, onCall);
    default:
      onCall?.({ pid, call: SAYINGS[action.kind], answer: '' });
      return disturbed(world, action.kind, pid, rules.settings);
  }
}

/** How a story tells what happens from outside; `tick` and `removal` happen to nobody. */
export const SAYINGS: Readonly<Record<Exclude<Action['kind'], 'step' | 'fault'>, string>> = {
  kill: 'is killed',
  pause: 'is paused',
  continue: 'goes on',
  restart: 'begins anew',
  stop: 'is asked to stop',
  tick: 'time passes',
  removal: '`current` is removed by hand',
};

function disturbed(world: World, kind: keyof typeof SAYINGS, pid: number, settings: Settings): World {
  switch (kind) {
    case 'kill':
      return kill(world, pid);
    case 'pause':
      return pause(world, pid);
    case 'continue':
      return goOn(world, pid);
    case 'restart':
      return restart(world, pid, settings);
    case 'stop':
      return stop(world, pid);
    case 'tick':
      return tick(world);
    case 'removal':
      return removeCurrent(world);
  }
}

/**
 * A process' next call, and then whatever else it can do that no other process could notice or disturb: to
 * make those calls one by one would only multiply states. A kill among them leaves what a kill before or
 * after them leaves, but for a private directory, which nobody looks at for a minute.
 */
function stretch(
  world: World,
  pid: number,
  rules: Rules,
  failing: number,
  onCall?: (made: Made) => void,
): World {
  let current = atItsTime(world, pid);
  for (let call = 0; call === 0 || goesOn(current, pid, rules); call++) {
    const advanced = advance(current, pid, rules.settings, call === failing ? 'fails' : 'works');
    if (advanced === undefined) break;
    onCall?.(advanced.made());
    current = advanced.world;
  }
  return current;
}

function goesOn(world: World, pid: number, { reductions }: Rules): boolean {
  const process = processOf(world, pid);
  return reductions === 'all' && process !== undefined && isPrivate(world, process);
}

function atItsTime(world: World, pid: number): World {
  const process = processOf(world, pid);
  if (process?.wakeMs === undefined || hasWord(world, process)) return world;
  return passTime(world, process.wakeMs);
}
