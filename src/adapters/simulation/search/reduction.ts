/**
 * Which calls need not be tried in every order: those that no other process could notice, and whose answer no
 * other process could change. ARCHITECTURE.md says why leaving the other orders out is sound.
 */

import { layout, makerOf, NAMES } from '../../../domain/place/layout.js';
import type { Call } from '../../../domain/procedure/procedure.js';
import * as tree from '../machine/file-tree.js';
import { PLACE, type Process, processOf, type World } from '../machine/simulated-state.js';
import { nextCall } from '../machine/world.js';

/** Whether a process comes next to a call that is its own affair. */
export function isPrivate(world: World, process: Process): boolean {
  const call = process.alive && !process.paused ? nextCall(process) : undefined;
  if (call === undefined) return false;
  switch (call.port) {
    case 'listener':
      return call.method === 'listen' || isUnpublished(world, process);
    case 'files':
      return isPrivateOnFiles(world, process.pid, call);
    case 'processes':
      // A dead process stays dead: no id is given twice.
      return call.method === 'lookUp' && processOf(world, call.args[0])?.alive !== true;
    case 'spawner':
      return call.method === 'check' && processOf(world, call.args[0])?.alive !== true;
    case 'probe':
    case 'witness':
    case 'clock':
      return false;
  }
}

function isPrivateOnFiles(world: World, pid: number, call: Extract<Call, { port: 'files' }>): boolean {
  const args: readonly string[] = call.args;
  const path = (call.method === 'makeLink' ? args[1] : args[0]) ?? '';
  if (args.some((argument) => argument.includes(LOCK)) && isAloneWithLock(world, pid)) return true;
  switch (call.method) {
    case 'inspect':
      // Nobody changes the places; and another's private name is younger than a sweep cares for, there or
      // not.
      return path === PLACE.root || path === PLACE.directory || path.includes('/tmp.');
    case 'removeFile':
      return path.includes(`/tmp.${pid}-`) || isGoneForGood(world, pid, path);
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
const LOCK_RECORD = `${layout.lock(PLACE.directory)}/`;

/**
 * Nobody else who lives will ever look at the spawn lock: only callers do, and candidates that were started
 * under it.
 */
function isAloneWithLock(world: World, pid: number): boolean {
  if (world.left.restarts > 0) return false;
  return world.processes.every(({ pid: other, alive, program, parent }) => {
    if (other === pid || !alive) return true;
    return (program.kind === 'claim' && parent === 0) || 'generation' in program;
  });
}

/** A lock record that is not there, and whose name nobody who lives would ever give one. */
function isGoneForGood(world: World, pid: number, path: string): boolean {
  if (!path.startsWith(LOCK_RECORD)) return false;
  const maker = makerOf(`tmp.${path.slice(LOCK_RECORD.length)}`);
  if (maker === undefined || maker === pid || processOf(world, maker)?.alive === true) return false;
  return tree.find(world.root, path).kind === 'absent';
}

/** Its socket has no public name: nobody can have connected, and nobody sees it close. */
function isUnpublished(world: World, { pid, listener }: Process): boolean {
  const directory = tree.find(world.root, PLACE.directory);
  if (directory.kind !== 'node' || directory.node.type !== 'directory') return false;
  return Object.entries(directory.node.entries).some(([name, node]) => {
    const socket =
      name.startsWith(`tmp.${pid}-`) && node.type === 'directory' ? node.entries.sock : undefined;
    return socket?.type === 'socket' && socket.listener === listener;
  });
}

/**
 * Of processes that were put there alike, and have done nothing yet, only the first may begin, and none be
 * killed: every schedule is one of these with the names exchanged, or one of fewer processes.
 */
export function isTwin(world: World, process: Process): boolean {
  if (process.moved || process.parent !== 0) return false;
  return world.processes.some(
    ({ pid, alive, moved, parent, role }) =>
      pid < process.pid && alive && !moved && parent === 0 && role === process.role,
  );
}
