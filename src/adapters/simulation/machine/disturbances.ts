/**
 * What happens to a machine from outside: its processes are killed, paused, asked to stop; its clock goes on.
 */

import { layout } from '../../../domain/place/layout.js';
import * as tree from './file-tree.js';
import { PLACE, type Process, processOf, spend, update, type World, wasKilled } from './simulated-state.js';
import { add, type Settings } from './world.js';

/** SIGKILL. */
export function kill(world: World, pid: number): World {
  const process = processOf(world, pid);
  if (process === undefined) return world;
  const dead: Process = {
    ...process,
    alive: false,
    paused: false,
    listener: '',
    connection: '',
    wakeMs: undefined,
    program: {
      kind: 'over',
      outcome: { kind: 'failed', failure: { kind: 'invalid-request', message: 'killed' } },
    },
    exit: { code: undefined, signal: 'SIGKILL' },
  };
  return shake(spend(update(world, dead), 'kills'));
}

/** From now on nothing is promised to the processes that have begun. */
function shake(world: World): World {
  const processes = world.processes.map((process) =>
    process.parent === 0 && process.moved && !process.shaken ? { ...process, shaken: true } : process,
  );
  return { ...world, processes };
}

/** SIGSTOP: no more calls. The kernel goes on taking connections for it, until its backlog is full. */
export function pause(world: World, pid: number): World {
  const process = processOf(world, pid);
  return process === undefined ? world : spend(update(world, { ...process, paused: true }), 'pauses');
}

/** SIGCONT. */
export function goOn(world: World, pid: number): World {
  const process = processOf(world, pid);
  return process === undefined ? world : update(world, { ...process, paused: false });
}

/** Asks a daemon to stop. It drains, and ends in a step of its own. */
export function stop(world: World, pid: number): World {
  const process = processOf(world, pid);
  if (process?.program.kind !== 'serving') return world;
  const program = { kind: 'draining', generation: process.program.generation } as const;
  return shake(spend(update(world, { ...process, program }), 'stops'));
}

/** Somebody from outside who was killed begins anew, as another process. */
export function restart(world: World, pid: number, settings: Settings): World {
  const process = processOf(world, pid);
  if (process === undefined) return world;
  return add(spend(update(world, { ...process, replaced: true }), 'restarts'), process.role, settings);
}

/** Once for each death. */
export const isRestartable = (process: Process): boolean =>
  wasKilled(process) && process.parent === 0 && !process.replaced;

/** Lets the clocks go on to when a sleeper is due. */
export function passTime(world: World, untilMs: number): World {
  const ms = Math.max(0, untilMs - world.now.monotonicMs);
  return { ...world, now: { monotonicMs: world.now.monotonicMs + ms, wallMs: world.now.wallMs + ms } };
}

/** As long as a kick leaves another's lock alone. */
const TICK_MS = 2_000;

/** Everybody is slow. */
export const tick = (world: World): World => spend(passTime(world, world.now.monotonicMs + TICK_MS), 'ticks');

const CURRENT = layout.current(PLACE.directory);

export const isCurrentThere = ({ root }: World): boolean => tree.readLink(root, CURRENT).kind === 'target';

/** Somebody removes `current` by hand. */
export const removeCurrent = (world: World): World =>
  spend({ ...world, root: tree.removeFile(world.root, CURRENT, world.now.wallMs).root }, 'removals');
