/** What must be true when nobody can make a call any more. */

import type { Failure } from '../../../domain/failure.js';
import { layout } from '../../../domain/place/layout.js';
import * as tree from '../machine/file-tree.js';
import { type Limits, PLACE, type Process, used, type World, wasKilled } from '../machine/simulated-state.js';

/** The holder of the lock that lies about in some scenarios. */
export const PLANTED = '9-y';

/** Says what is lacking; undefined if nothing is. */
export function lackingIn(world: World): string | undefined {
  const asked = world.processes.filter(isPromised);
  const unanswered = asked.find((process) => isUnanswered(world, process));
  if (unanswered !== undefined) return `process ${unanswered.pid} ended with a failure`;
  const serving = world.processes.filter(({ alive, program }) => alive && program.kind === 'serving');
  const why = asked.find((process) => promisesDaemon(world, process));
  if (why !== undefined && serving.length !== 1)
    return `process ${why.pid} was told of a daemon, and ${serving.length} serve in the end`;
  if (world.spawns.length > spawnBound(world))
    return `${world.spawns.length} processes were started, for ${spawnBound(world)} at most`;
  return disturbances(world, ['kills', 'faults']) === 0 ? leftBehind(world) : undefined;
}

/**
 * One for those who ask, however many; one more for each that is killed, since its start comes to nothing.
 * Two more for whatever makes a start that is not lost look lost (a call that fails, a daemon asked to stop,
 * a process that is slow): what is started instead meets the other, and whichever gives way ends its lock,
 * for a third to take, before `current` names the one that stays. Found by searching; no search here has
 * found more.
 */
function spawnBound(world: World): number {
  const costly = disturbances(world, ['faults', 'stops', 'pauses', 'ticks', 'removals']);
  return 1 + disturbances(world, ['kills']) + 2 * costly;
}

const disturbances = (world: World, kinds: readonly (keyof Limits)[]): number =>
  kinds.reduce((sum, kind) => sum + used(world, kind), 0);

/** It came from outside, has made a call, and nobody was killed or stopped since. */
const isPromised = (process: Process): boolean =>
  process.parent === 0 && process.moved && !process.shaken && !wasKilled(process);

/** Failed, without a fault of its own or of what it had started, and with nobody slow. */
function isUnanswered(world: World, { pid, program, faulted }: Process): boolean {
  if (program.kind !== 'over' || program.outcome.kind !== 'failed') return false;
  if (used(world, 'removals') > 0 && isLateStart(program.outcome.failure)) return false;
  if (disturbances(world, ['pauses', 'ticks']) > 0 || faulted) return false;
  return !world.processes.some((child) => child.parent === pid && child.faulted);
}

/**
 * It has started a daemon that lives, and waits for `current` to say so. A real daemon notices that `current`
 * has been removed, and ends, which its starter sees.
 */
const isLateStart = (failure: Failure): boolean => failure.kind === 'timed-out' && failure.phase === 'ready';

/** Whether somebody went away believing that a daemon is there. */
function promisesDaemon(world: World, { program, role }: Process): boolean {
  if (program.kind !== 'over') return true;
  const { kind } = program.outcome;
  if (role === 'client') return kind !== 'failed';
  // Another's start may fail, and a daemon that a candidate or a kick has seen alive may be shutting down.
  if (disturbances(world, ['faults', 'stops']) > 0) return false;
  // A kick leaves a young lock alone, also one whose holder has been killed.
  return kind === 'contended' ? used(world, 'kills') === 0 : true;
}

function leftBehind(world: World): string | undefined {
  const directory = tree.find(world.root, PLACE.directory);
  if (directory.kind !== 'node' || directory.node.type !== 'directory') return 'the directory is gone';
  // The lock that was planted stays where nobody asks for it.
  const planted = tree.find(world.root, layout.lockRecord(PLACE.directory, PLANTED));
  const left = Object.keys(directory.node.entries).filter((name) =>
    planted.kind === 'node' ? /^tmp\.|^trash\./.test(name) : /^tmp\.|^trash\.|^spawn\.lock$/.test(name),
  );
  return left.length === 0 ? undefined : `left behind: ${left.join(', ')}`;
}
