/** What is wrong with a state, whatever may come of it. */

import { generationOf, layout } from '../../../domain/place/layout.js';
import * as tree from '../machine/file-tree.js';
import {
  isDaemon,
  PLACE,
  type Process,
  processOf,
  used,
  type World,
  wasKilled,
} from '../machine/simulated-state.js';
import { nextCall, publicSocket } from '../machine/world.js';

export function violationIn(before: World, after: World): string | undefined {
  const daemons = after.processes.filter(isDaemon);
  if (daemons.length > 1) return `two daemons serve: ${daemons.map(({ pid }) => pid).join(' and ')}`;
  // Nobody but a person removes it.
  if (currentIn(after) < currentIn(before) && used(after, 'removals') === used(before, 'removals'))
    return `current went down from ${currentIn(before)} to ${currentIn(after)}`;
  for (const daemon of daemons) {
    const wrong = wrongWith(after, daemon);
    if (wrong !== undefined) return wrong;
  }
  return nameless(after) ?? betrayed(after);
}

function wrongWith(world: World, { pid, program, listener }: Process): string | undefined {
  const generation = 'generation' in program ? program.generation : 'none';
  // The classic protocol's only promise is that there is one.
  if (generation === 'none') return undefined;
  const named = tree.find(world.root, publicSocket(world, generation));
  if (named.kind !== 'node' || named.node.type !== 'socket' || named.node.listener !== listener)
    return `daemon ${pid} listens and its generation ${generation} is not its own any more`;
  if (world.system === 'windows') return undefined;
  const current = currentIn(world);
  return current === generation || (current === 0 && used(world, 'removals') > 0)
    ? undefined
    : `daemon ${pid} serves generation ${generation} and current names ${current}`;
}

/** A process that listens has a name, public or private, until it is about to close. */
function nameless({ processes, root }: World): string | undefined {
  const directory = tree.find(root, PLACE.directory);
  if (directory.kind !== 'node' || directory.node.type !== 'directory') return undefined;
  const { entries } = directory.node;
  for (const process of processes) {
    const { pid, listener, program } = process;
    if (listener === '' || program.kind === 'classic' || program.kind === 'over') continue;
    if (!isNamed(entries, listener) && nextCall(process)?.method !== 'close' && isOwnGeneration(program))
      return `process ${pid} listens and its socket has no name any more`;
  }
  return undefined;
}

const isOwnGeneration = (program: Process['program']): boolean =>
  !('generation' in program) || program.generation !== 'none';

function isNamed(entries: tree.Directory['entries'], listener: string): boolean {
  for (const name in entries) {
    const node = entries[name];
    const socket = node?.type === 'directory' ? node.entries.sock : undefined;
    if (socket?.type === 'socket' && socket.listener === listener) return true;
  }
  return false;
}

/**
 * The process that a candidate gave way to serves in the end, unless it is killed, stopped, or met with a
 * fault.
 */
function betrayed(world: World): string | undefined {
  for (const trusted of world.trusted) {
    const owner = processOf(world, Number(trusted.split('.')[0]));
    if (owner === undefined || owner.faulted) continue;
    if (owner.alive && owner.listener !== trusted)
      return `a candidate gave way to ${owner.pid}, which has withdrawn`;
    if (!owner.alive && !wasKilled(owner) && world.limits.stops === 0)
      return `a candidate gave way to ${owner.pid}, which has ended`;
  }
  return undefined;
}

function currentIn(world: World): number {
  const reading = tree.readLink(world.root, layout.current(PLACE.directory));
  return reading.kind === 'target' ? (generationOf(reading.target) ?? 0) : 0;
}
