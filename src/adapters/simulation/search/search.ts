/**
 * A search through every order in which the processes of a world may make their calls, with a kill before any
 * of them. It ends when it has seen every state, or has found one that must not be.
 */

import type { World } from '../machine/simulated-state.js';
import { type Action, actionsIn, isProgress, type Rules, take } from './actions.js';
import { violationIn } from './invariants.js';
import { type Key, Seen } from './seen-states.js';
import { keyOf } from './state-key.js';

export interface SearchOptions extends Rules {
  /** Says what is wrong with a state in which nobody can make a call any more; undefined if nothing is. */
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

interface Frame {
  readonly world: World;
  readonly key: Key;
  readonly actions: readonly Action[];
  next: number;
}

/** Depth first, each state once. */
export function search(first: World, options: SearchOptions): SearchResult {
  const names = options.reductions === 'all' ? 'exchangeable' : 'fixed';
  const seen = new Seen();
  const path = new Path();
  const key = keyOf(first, names);
  seen.add(key);
  path.push({ world: first, key, actions: actionsIn(first, options), next: 0 });
  let [ends, spawnsMax, depth] = [0, 0, 0];
  for (let frame = path.last; frame !== undefined; frame = path.last) {
    const action = frame.actions[frame.next];
    if (action === undefined) {
      path.pop();
      continue;
    }
    frame.next += 1;
    const world = take(frame.world, action, options);
    const violated = (what: string): SearchResult => ({
      kind: 'violated',
      what,
      schedule: path.schedule(),
      states: seen.size,
    });
    const wrong = violationIn(frame.world, world);
    if (wrong !== undefined) return violated(wrong);
    const next = keyOf(world, names);
    if (path.has(next)) return violated('it goes round in a circle');
    if (!seen.add(next)) continue;
    if (seen.size > options.statesMax) return { kind: 'gave-up', states: seen.size };
    if ((seen.size & 0xffff) === 0) options.onProgress?.(seen.size, path.length);
    spawnsMax = Math.max(spawnsMax, world.spawns.length);
    const actions = actionsIn(world, options);
    if (!actions.some(isProgress)) {
      ends += 1;
      const lacking = options.atEnd?.(world);
      if (lacking !== undefined) return violated(lacking);
    }
    path.push({ world, key: next, actions, next: 0 });
    depth = Math.max(depth, path.length);
  }
  return { kind: 'exhausted', states: seen.size, ends, depth, spawnsMax };
}

/**
 * The states between the first and the one that is looked at. A schedule that meets one of them again could
 * go on for ever.
 */
class Path {
  readonly #frames: Frame[] = [];
  readonly #keys = new Set<number>();

  get length(): number {
    return this.#frames.length;
  }

  get last(): Frame | undefined {
    return this.#frames[this.#frames.length - 1];
  }

  push(frame: Frame): void {
    this.#frames.push(frame);
    this.#keys.add(mark(frame.key));
  }

  pop(): void {
    const frame = this.#frames.pop();
    if (frame !== undefined) this.#keys.delete(mark(frame.key));
  }

  has(key: Key): boolean {
    return this.#keys.has(mark(key));
  }

  /** Each frame's latest action. */
  schedule(): Action[] {
    return this.#frames.flatMap(({ actions, next }) => actions[next - 1] ?? []);
  }
}

/** As much of a key as a number holds exactly. */
const mark = ({ high, low }: Key): number => high * 0x100000 + (low >>> 12);

interface Visited {
  readonly world: World;
  readonly action: Action | undefined;
  readonly from: number;
}

/**
 * The same search, breadth first: it finds what is wrong by one of the shortest schedules. It keeps every
 * world in memory.
 */
export function shortestViolation(first: World, options: SearchOptions): SearchResult {
  const seen = new Seen();
  seen.add(keyOf(first));
  const visited: Visited[] = [{ world: first, action: undefined, from: -1 }];
  for (let index = 0; index < visited.length; index++) {
    const at = visited[index];
    if (at === undefined) break;
    for (const action of actionsIn(at.world, options)) {
      const world = take(at.world, action, options);
      const what = violationIn(at.world, world) ?? lackingIn(world, options);
      if (what !== undefined) {
        const schedule = [...scheduleTo(visited, index), action];
        return { kind: 'violated', what, schedule, states: seen.size };
      }
      if (seen.add(keyOf(world))) visited.push({ world, action, from: index });
      if (seen.size > options.statesMax) return { kind: 'gave-up', states: seen.size };
    }
  }
  return { kind: 'exhausted', states: seen.size, ends: 0, depth: 0, spawnsMax: 0 };
}

function lackingIn(world: World, options: SearchOptions): string | undefined {
  if (options.atEnd === undefined || actionsIn(world, options).some(isProgress)) return undefined;
  return options.atEnd(world);
}

function scheduleTo(visited: readonly Visited[], index: number): Action[] {
  const schedule: Action[] = [];
  for (let at = visited[index]; at?.action !== undefined; at = visited[at.from]) schedule.unshift(at.action);
  return schedule;
}
