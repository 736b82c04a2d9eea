/**
 * A search through every order in which the processes of a world may make their calls, with a kill before any of them. It ends
 * when it has seen every state, or has found one that must not be.
 */

import { generationOf, layout, NAMES } from '../../domain/layout.js';
import { listensBehind, type Made, PLACE, type Process, processOf, type World } from './state.js';
import * as tree from './tree.js';
import { advance, kill, nextCommand, passTime, type Settings } from './world.js';

export type Action =
  | { readonly kind: 'step'; readonly pid: number }
  | { readonly kind: 'kill'; readonly pid: number };

export interface SearchOptions {
  readonly settings: Settings;
  /**
   * Whether time passes only when nobody can make a step: then nobody is slow, and what is asked for must come in time.
   * Or whenever somebody sleeps: then any process may be slow, and only what must never happen is looked at.
   */
  readonly time: 'when-idle' | 'any-time';
  /** Says what is wrong with a state in which nothing can happen any more but a kill; undefined if nothing is. */
  readonly atEnd?: (world: World) => string | undefined;
  readonly statesMax: number;
  readonly onProgress?: (states: number, depth: number) => void;
}

export type SearchResult =
  | {
      readonly kind: 'exhausted';
      readonly states: number;
      readonly ends: number;
      readonly depth: number;
      readonly spawnsMax: number;
    }
  | {
      readonly kind: 'violated';
      readonly what: string;
      readonly schedule: readonly Action[];
      readonly states: number;
    }
  | { readonly kind: 'gave-up'; readonly states: number };

/** What may happen next. */
export function actionsIn(world: World, time: SearchOptions['time']): Action[] {
  const alive = world.processes.filter((process) => process.alive && !isTwin(world, process));
  const awake = alive.filter((process) => canStep(world, process));
  const sleepers = alive.filter((process) => process.wakeMs !== undefined && !canStep(world, process));
  const due = Math.min(...sleepers.map(({ wakeMs }) => wakeMs ?? Number.POSITIVE_INFINITY));
  const woken =
    time === 'any-time' || awake.length === 0 ? sleepers.filter(({ wakeMs }) => wakeMs === due) : [];
  const steps = [...awake, ...woken].map(({ pid }): Action => ({ kind: 'step', pid }));
  const killable = world.kills > 0 ? alive.filter(({ moved, parent }) => moved || parent !== 0) : [];
  const kills = killable.map(({ pid }): Action => ({ kind: 'kill', pid }));
  return [...steps, ...kills];
}

/**
 * Of processes that were put there alike, and have done nothing yet, only the first may begin, and none be killed: every
 * schedule is one of these with the names exchanged, or one of fewer processes.
 */
function isTwin(world: World, process: Process): boolean {
  if (process.moved || process.parent !== 0) return false;
  return world.processes.some(
    ({ pid, alive, moved, parent, program }) =>
      pid < process.pid && alive && !moved && parent === 0 && program.kind === process.program.kind,
  );
}

function canStep(world: World, process: Process): boolean {
  if (process.program.kind === 'classic') return true;
  const command = nextCommand(process);
  if (command === undefined) return false;
  if (process.wakeMs === undefined || process.wakeMs <= world.now.monotonicMs) return true;
  // Waiting for a word: it may have come.
  return command.port === 'probe' && advanceable(world, process);
}

function advanceable(world: World, process: Process): boolean {
  const server = listensBehind(world, process.connection);
  return server === undefined || server.program.kind === 'serving';
}

/**
 * Takes an action, and then whatever else that process can do that no other process could notice or disturb: to make those
 * steps one by one would only multiply states. A kill among them leaves what a kill before or after them leaves, but for
 * a private directory, which nobody looks at for a minute.
 */
export function take(world: World, action: Action, settings: Settings, onCall?: (made: Made) => void): World {
  if (action.kind === 'kill') {
    onCall?.({ pid: action.pid, call: 'is killed', answer: '' });
    return kill(world, action.pid);
  }
  let current = world;
  for (let calls = 0; calls === 0 || (calls < FUSED_MAX && isPrivate(current, action.pid)); calls++) {
    const advanced = advance(atItsTime(current, action.pid), action.pid, settings);
    if (advanced === undefined) break;
    onCall?.(advanced.made());
    current = advanced.world;
  }
  return current;
}

/** No stretch of private steps is nearly as long. */
const FUSED_MAX = 1_000;

function atItsTime(world: World, pid: number): World {
  const process = processOf(world, pid);
  if (process?.wakeMs === undefined || nextIsAnswered(world, process)) return world;
  return passTime(world, process.wakeMs);
}

const nextIsAnswered = (world: World, process: Process): boolean =>
  nextCommand(process)?.port === 'probe' && advanceable(world, process);

function isPrivate(world: World, pid: number): boolean {
  const process = processOf(world, pid);
  const command = process?.alive === true ? nextCommand(process) : undefined;
  if (command === undefined) return false;
  if (command.port === 'listener') return command.method === 'listen' || isUnpublished(world, pid);
  if (command.port !== 'files') return false;
  const path = String(command.method === 'makeLink' ? command.args[1] : command.args[0]);
  if (command.args.some((argument) => argument.includes(LOCK)) && isAloneWithLock(world, pid)) return true;
  switch (command.method) {
    case 'inspect':
      // Nobody changes the places; and another's private name is younger than a sweep cares for, there or not.
      return path === PLACE.root || path === PLACE.directory || path.includes('/tmp.');
    case 'removeFile':
      return path.includes(`/tmp.${pid}-`);
    case 'makeDirectory':
    case 'createFile':
    case 'makeLink':
    case 'removeTree':
      return path.includes(`/tmp.${pid}-`) || path.includes('/trash.');
    default:
      return false;
  }
}

const LOCK = `/${NAMES.lock}`;

/** Nobody else who lives will ever look at the spawn lock: only callers do, and candidates that were started under it. */
function isAloneWithLock(world: World, pid: number): boolean {
  return world.processes.every(({ pid: other, alive, program, parent }) => {
    if (other === pid || !alive) return true;
    return (program.kind === 'claim' && parent === 0) || program.kind === 'serving';
  });
}

/** Its socket has no public name: nobody can have connected, and nobody sees it close. */
function isUnpublished(world: World, pid: number): boolean {
  const directory = tree.find(world.root, PLACE.directory);
  if (directory.kind !== 'node' || directory.node.type !== 'directory') return false;
  return Object.entries(directory.node.entries).some(([name, node]) => {
    const socket =
      name.startsWith(`tmp.${pid}-`) && node.type === 'directory' ? node.entries.sock : undefined;
    return socket?.type === 'socket' && socket.listener === processOf(world, pid)?.listener;
  });
}

/** What is wrong with a state, whatever may come of it. */
export function violationIn(before: World, after: World): string | undefined {
  const serving = after.processes.filter(({ alive, program }) => alive && program.kind === 'serving');
  if (serving.length > 1) return `two daemons serve: ${serving.map(({ pid }) => pid).join(' and ')}`;
  if (currentIn(after) < currentIn(before))
    return `current went down from ${currentIn(before)} to ${currentIn(after)}`;
  for (const { pid, program, listener } of serving) {
    const generation = program.kind === 'serving' ? program.generation : 0;
    // The classic protocol's only promise is that there is one.
    if (generation === 0) continue;
    const named = tree.find(after.root, layout.generationSocket(PLACE.directory, generation));
    if (named.kind !== 'node' || named.node.type !== 'socket' || named.node.listener !== listener)
      return `daemon ${pid} listens and its generation ${generation} is not its own any more`;
    if (currentIn(after) !== generation)
      return `daemon ${pid} serves generation ${generation} and current names ${currentIn(after)}`;
  }
  for (const trusted of after.trusted) {
    const owner = processOf(after, Number(trusted.split('.')[0]));
    if (owner?.alive === true && owner.listener !== trusted)
      return `a candidate gave way to ${owner.pid}, which has withdrawn`;
  }
  return undefined;
}

function currentIn(world: World): number {
  const reading = tree.readLink(world.root, layout.current(PLACE.directory));
  return reading.kind === 'target' ? (generationOf(reading.target) ?? 0) : 0;
}

interface Frame {
  readonly world: World;
  readonly actions: readonly Action[];
  next: number;
}

/** Depth first, each state once. */
export function search(first: World, options: SearchOptions): SearchResult {
  const seen = new Seen();
  seen.add(keyOf(first));
  const stack: Frame[] = [{ world: first, actions: actionsIn(first, options.time), next: 0 }];
  const path: Action[] = [];
  let depth = 0;
  let ends = 0;
  let spawnsMax = 0;
  while (stack.length > 0) {
    const frame = stack[stack.length - 1];
    if (frame === undefined) break;
    const action = frame.actions[frame.next];
    if (action === undefined) {
      stack.pop();
      path.pop();
      continue;
    }
    frame.next += 1;
    const world = take(frame.world, action, options.settings);
    const wrong = violationIn(frame.world, world);
    if (wrong !== undefined)
      return { kind: 'violated', what: wrong, schedule: [...path, action], states: seen.size };
    if (!seen.add(keyOf(world))) continue;
    if (seen.size > options.statesMax) return { kind: 'gave-up', states: seen.size };
    if ((seen.size & 0xffff) === 0) options.onProgress?.(seen.size, stack.length);
    spawnsMax = Math.max(spawnsMax, world.spawns.length);
    const actions = actionsIn(world, options.time);
    if (!actions.some(({ kind }) => kind === 'step')) {
      ends += 1;
      const lacking = options.atEnd?.(world);
      if (lacking !== undefined)
        return { kind: 'violated', what: lacking, schedule: [...path, action], states: seen.size };
    }
    path.push(action);
    stack.push({ world, actions, next: 0 });
    depth = Math.max(depth, stack.length);
  }
  return { kind: 'exhausted', states: seen.size, ends, depth, spawnsMax };
}

interface Visited {
  readonly world: World;
  readonly action: Action | undefined;
  readonly from: number;
}

/** The same search, breadth first: what it finds wrong is found by a schedule than which none is shorter. It keeps every world. */
export function shortestViolation(first: World, options: SearchOptions): SearchResult {
  const seen = new Seen();
  seen.add(keyOf(first));
  const visited: Visited[] = [{ world: first, action: undefined, from: -1 }];
  for (let index = 0; index < visited.length; index++) {
    const at = visited[index];
    if (at === undefined) break;
    for (const action of actionsIn(at.world, options.time)) {
      const world = take(at.world, action, options.settings);
      const what = violationIn(at.world, world);
      if (what !== undefined)
        return {
          kind: 'violated',
          what,
          schedule: [...scheduleTo(visited, index), action],
          states: seen.size,
        };
      if (seen.add(keyOf(world))) visited.push({ world, action, from: index });
      if (seen.size > options.statesMax) return { kind: 'gave-up', states: seen.size };
    }
  }
  return { kind: 'exhausted', states: seen.size, ends: 0, depth: 0, spawnsMax: 0 };
}

function scheduleTo(visited: readonly Visited[], index: number): Action[] {
  const schedule: Action[] = [];
  for (let at = visited[index]; at?.action !== undefined; at = visited[at.from]) schedule.unshift(at.action);
  return schedule;
}

/** A world as text: equal worlds, equal text. Of a process that has ended nothing matters but how. */
export function keyOf(world: World): string {
  return JSON.stringify([
    world.root,
    world.now.monotonicMs,
    world.spawns.length,
    world.trusted,
    world.kills,
    world.processes.map((process) =>
      process.alive
        ? [process.program, process.listener, process.connection, process.wakeMs]
        : [process.exit, process.program.kind === 'over' ? process.program.outcome.kind : ''],
    ),
  ]);
}

/** Remembers 64 bits of each text. For 10 million states the chance that any two share them is about 3 in a million. */
class Seen {
  #table = new Uint32Array(2 << 16);
  #capacity = 1 << 16;
  size = 0;

  /** @returns whether it was new */
  add(text: string): boolean {
    const [high, low] = hash64(text);
    if (!this.#insert(high, low)) return false;
    this.size += 1;
    if (this.size * 2 > this.#capacity) this.#grow();
    return true;
  }

  #insert(high: number, low: number): boolean {
    const mask = this.#capacity - 1;
    for (let slot = (high ^ low) & mask; ; slot = (slot + 1) & mask) {
      const storedHigh = this.#table[slot * 2];
      const storedLow = this.#table[slot * 2 + 1];
      if (storedHigh === 0 && storedLow === 0) {
        this.#table[slot * 2] = high;
        this.#table[slot * 2 + 1] = low;
        return true;
      }
      if (storedHigh === high && storedLow === low) return false;
    }
  }

  #grow(): void {
    const old = this.#table;
    this.#capacity *= 2;
    this.#table = new Uint32Array(this.#capacity * 2);
    for (let slot = 0; slot < old.length; slot += 2) {
      const high = old[slot] ?? 0;
      const low = old[slot + 1] ?? 0;
      if (high !== 0 || low !== 0) this.#insert(high, low);
    }
  }
}

/** Two independent 32-bit multiplicative hashes; never both 0, which marks a free slot. */
function hash64(text: string): [number, number] {
  let high = 0x811c9dc5;
  let low = 0x9e3779b9;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    high = Math.imul(high ^ code, 0x01000193);
    low = Math.imul(low + code, 0x85ebca6b) ^ (low >>> 13);
  }
  return [(high ^ (high >>> 15)) >>> 0, ((low ^ (low >>> 16)) >>> 0) | 1];
}
