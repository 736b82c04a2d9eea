/** What the ports of a simulated machine do: from one world to the next. */

import type { Call, Reading } from '../../../domain/procedure/procedure.js';
import type { Cause } from '../../../ports/readings.js';
import type { SpawnReason } from '../../../ports/spawn-reason.js';
import * as tree from './file-tree.js';
import {
  listensBehind,
  type Process,
  processOf,
  type System,
  USER,
  update,
  type World,
} from './simulated-state.js';

/** What a call returns, and what becomes of the world by it. */
export interface Answer {
  readonly world: World;
  readonly reading: Reading;
}

/**
 * What a port needs to know that is not in the world: how many connections wait, and what a started process
 * does.
 */
export interface Machine {
  readonly backlog: number;
  spawn(world: World, parent: Process, reason: SpawnReason, lockNonce: string | undefined): Answer;
}

/** Makes the call that a process has come to. Undefined when it does not return yet. */
export function perform(world: World, process: Process, call: Call, machine: Machine): Answer | undefined {
  switch (call.port) {
    case 'files':
      return isInUse(world, call.method, call.args as readonly string[])
        ? { world, reading: IN_USE }
        : performOnFiles(world, call.method, call.args as readonly string[]);
    case 'processes': {
      const [pid] = call.args;
      if (pid === undefined) throw new Error('`self` is answered at once, and never gets here');
      const seen = processOf(world, pid);
      if (seen?.alive !== true) return { world, reading: { kind: 'gone' } };
      const activity = seen.paused ? 'stopped' : 'running';
      return { world, reading: { kind: 'present', startTime: `t${seen.pid}`, activity } };
    }
    case 'clock':
      return { world, reading: { kind: 'done' } };
    case 'listener':
      return call.method === 'listen' ? listen(world, process, call.args[0]) : close(world, process);
    case 'probe':
      return call.method === 'connect'
        ? connect(world, process, call.args[0], machine.backlog)
        : greet(world, process);
    case 'witness':
      return call.method === 'release'
        ? { world, reading: { kind: 'done' } }
        : held(world, process, call.method, call.args[0]);
    case 'spawner':
      return call.method === 'spawn'
        ? machine.spawn(world, process, call.args[0], call.args[1])
        : { world, reading: childOf(world, call.args[0]) };
  }
}

/** A file says who holds it, and is held as long as that process lives. */
function held(world: World, process: Process, method: 'hold' | 'look', path: string): Answer {
  const holder = holderOf(world, path);
  if (holder !== undefined) return { world, reading: { kind: 'held' } };
  const found = tree.find(world.root, path);
  if (method === 'look') {
    const reading = found.kind === 'node' ? ({ kind: 'free' } as const) : found;
    return { world, reading };
  }
  if (found.kind === 'wrong-type') return { world, reading: found };
  const file: tree.Node = { type: 'file', text: heldBy(process.pid), at: world.now.wallMs };
  const root = tree.plant(world.root, path, file);
  return { world: { ...world, root }, reading: root === world.root ? { kind: 'absent' } : { kind: 'done' } };
}

const heldBy = (pid: number): string => `held by ${pid}`;

/** The process that holds a file. */
export function holderOf(world: World, path: string): Process | undefined {
  const found = tree.find(world.root, path);
  if (found.kind !== 'node' || found.node.type !== 'file') return undefined;
  const { text } = found.node;
  return world.processes.find(({ pid, alive }) => alive && text === heldBy(pid));
}

const IN_USE: Reading = { kind: 'failed', cause: { code: 'EPERM', message: 'a process holds it' } };

/** Windows neither renames, replaces nor removes what a process holds, or what that lies in. */
function isInUse(world: World, method: string, args: readonly string[]): boolean {
  if (world.system !== 'windows' || !/^(?:rename|remove)/.test(method)) return false;
  return args.some((path) => {
    const found = tree.find(world.root, path);
    if (found.kind !== 'node') return false;
    const names = found.node.type === 'directory' ? Object.keys(found.node.entries) : [];
    return [path, ...names.map((name) => `${path}/${name}`)].some((at) => holderOf(world, at) !== undefined);
  });
}

function performOnFiles(world: World, method: string, args: readonly string[]): Answer {
  const [first = '', second = ''] = args;
  const { root, now } = world;
  const at = now.wallMs;
  const changed = ({ root: next, reading }: tree.Changed): Answer => ({
    world: next === root ? world : { ...world, root: next },
    reading,
  });
  switch (method) {
    case 'makeDirectory':
    case 'makeDirectories':
      return changed(tree.create(root, first, tree.emptyDirectory(at)));
    case 'createFile':
      return changed(tree.create(root, first, { type: 'file', text: second, at }));
    case 'appendText':
      return changed(tree.append(root, first, second, at));
    case 'makeLink':
      return changed(tree.create(root, second, { type: 'link', target: first, at }));
    case 'rename':
      return changed(tree.rename(root, first, second, at));
    case 'removeFile':
      return changed(tree.removeFile(root, first, at));
    case 'removeDirectory':
      return changed(tree.removeDirectory(root, first, at));
    case 'removeTree':
      return changed(tree.removeTree(root, first, at));
    case 'tighten':
      return { world, reading: { kind: 'done' } };
    case 'inspect':
      return { world, reading: tree.inspect(root, first, USER) };
    case 'list':
      return { world, reading: tree.list(root, first) };
    case 'readLink':
      return { world, reading: tree.readLink(root, first) };
    case 'readText':
      return { world, reading: tree.readText(root, first) };
    default:
      throw new Error(`no such call on files: ${method}`);
  }
}

function listen(world: World, process: Process, path: string): Answer {
  const listener = `${process.pid}.${process.bound}`;
  const { root, reading } = tree.create(world.root, path, { type: 'socket', listener, at: world.now.wallMs });
  if (reading.kind !== 'done') return { world, reading };
  return { world: update({ ...world, root }, { ...process, listener, bound: process.bound + 1 }), reading };
}

function close(world: World, process: Process): Answer {
  return { world: update(world, { ...process, listener: '' }), reading: { kind: 'done' } };
}

const refusal = (code: string): Reading => ({ kind: 'errno', cause: { code, message: code } });

const FULL: Readonly<Record<System, Reading>> = {
  linux: refusal('EAGAIN'),
  darwin: refusal('ECONNREFUSED'),
  // A client waits for an instance of a pipe that is busy.
  windows: { kind: 'silent' },
};

function connect(world: World, process: Process, path: string, backlog: number): Answer {
  const found = tree.find(world.root, path, 'follow');
  const without = update(world, { ...process, connection: '' });
  if (found.kind === 'absent') return { world: without, reading: refusal('ENOENT') };
  if (found.kind === 'wrong-type') return { world: without, reading: refusal('ENOTDIR') };
  const socket = found.node.type === 'socket' ? found.node.listener : '';
  const server = listensBehind(world, socket);
  if (server === undefined) return { world: without, reading: refusal('ECONNREFUSED') };
  if (!takesOn(server) && waitingAt(without, socket) >= backlog)
    return { world: without, reading: FULL[world.system] };
  return { world: update(world, { ...process, connection: socket }), reading: { kind: 'connected' } };
}

/** Whether it takes connections from its backlog. */
const takesOn = ({ program, paused }: Process): boolean =>
  !paused && (program.kind === 'serving' || program.kind === 'draining');

const waitingAt = (world: World, socket: string): number =>
  world.processes.filter(({ alive, connection }) => alive && connection === socket).length;

/**
 * The first word on a connection: a daemon's, or the connection's end with its listener. Undefined while
 * there is none.
 */
export function wordFor(world: World, process: Process): Reading | undefined {
  const server = listensBehind(world, process.connection);
  if (server === undefined) return { kind: 'ended' };
  if (!takesOn(server)) return undefined;
  return { kind: server.program.kind === 'serving' ? 'accepted' : 'draining' };
}

function greet(world: World, process: Process): Answer | undefined {
  const reading = wordFor(world, process);
  if (reading !== undefined) return { world, reading };
  const isOver = process.wakeMs !== undefined && world.now.monotonicMs >= process.wakeMs;
  return isOver ? { world, reading: { kind: 'silent' } } : undefined;
}

function childOf(world: World, pid: number): Reading {
  const child = processOf(world, pid);
  if (child === undefined || child.alive) return { kind: 'running' };
  return { kind: 'ended', code: child.exit?.code, signal: child.exit?.signal, lastOutput: '' };
}

/** What a call says that fails for a reason of the machine's; undefined for a call that has none. */
export function faultOf(call: Call): Reading | undefined {
  const cause = (code: string): Cause => ({ code, message: FAULT });
  switch (call.port) {
    case 'files':
      return { kind: 'failed', cause: cause(FILE_FAULTS[call.method] ?? 'EACCES') };
    case 'listener':
      return call.method === 'listen' ? { kind: 'failed', cause: cause('EMFILE') } : undefined;
    case 'probe':
      return call.method === 'connect' ? { kind: 'errno', cause: cause('EMFILE') } : undefined;
    case 'processes':
      return { kind: 'hidden', cause: cause('EMFILE') };
    case 'spawner':
      return call.method === 'spawn' ? { kind: 'refused', cause: cause('EAGAIN') } : undefined;
    case 'witness':
      return call.method === 'release' ? undefined : { kind: 'failed', cause: cause('EMFILE') };
    case 'clock':
      return undefined;
  }
}

/** Tells a fault from what the protocol brings about, in a story too. */
export const FAULT = 'as if';

/** The domain hands an unknown errno on and never asks which it is: one for each call is enough. */
const FILE_FAULTS: Readonly<Record<string, string>> = {
  makeDirectory: 'ENOSPC',
  makeDirectories: 'ENOSPC',
  createFile: 'ENOSPC',
  appendText: 'ENOSPC',
  makeLink: 'ENOSPC',
  list: 'EMFILE',
  readText: 'EMFILE',
};
