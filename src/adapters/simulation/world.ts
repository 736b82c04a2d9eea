/**
 * One machine as plain data: its files, its processes, its clock. Each process runs a machine of the domain, the very one that
 * is shipped; what a port does for it is a function from one world to the next.
 */

import { beginClaim, type ClaimPlan, stepClaim } from '../../domain/claim/claim.js';
import type { Identity } from '../../domain/evidence/identity.js';
import { ownerText } from '../../domain/evidence/owner.js';
import type { Timing } from '../../domain/lock/timing.js';
import { beginKick, type KickPlan, stepKick } from '../../domain/obtain/kick.js';
import { beginObtain, type ObtainPlan, stepObtain } from '../../domain/obtain/obtain.js';
import { layout, nonceOf } from '../../domain/place/layout.js';
import type { Command, Event, Reading } from '../../domain/procedure/procedure.js';
import type { Cause, Instant } from '../../ports/readings.js';
import type { SpawnReason } from '../../ports/spawn-reason.js';
import { advanceClassic } from './classic.js';
import * as tree from './file-tree.js';
import {
  type Advanced,
  FIRST_PID,
  type Limits,
  listensBehind,
  type Made,
  PLACE,
  PROCESSES_MAX,
  type Process,
  type Program,
  processOf,
  type Role,
  UNDISTURBED,
  update,
  type World,
} from './simulated-state.js';

const USER = 1;
const BOOT = 'boot';
const SPACE = 'pids';

export interface Settings {
  readonly timing: Timing;
  /** How many connections wait at a listener that takes none on. */
  readonly backlog: number;
  /** Steps of the claim with a guard left out, for showing that the search finds what it guards against. */
  readonly stepClaim?: typeof stepClaim;
}

const identityOf = (pid: number): Identity => ({
  pid,
  startTime: `t${pid}`,
  bootId: BOOT,
  pidNamespace: SPACE,
});

/** A plan is the same in every state of its process: as text it is left out. */
function quiet<T extends { readonly nonce: string }>(plan: T): T {
  return Object.defineProperty(plan, 'toJSON', { value: () => undefined, enumerable: false });
}

function claimPlan(pid: number, lockNonce: string): ClaimPlan {
  const self = identityOf(pid);
  const owner = { ...self, name: 'n', service: '', startedMs: 0, solod: '', version: '', wire: 0 };
  const place = PLACE;
  const nonce = nonceOf(pid, 'c');
  return quiet({
    place,
    userId: USER,
    platform: 'linux',
    self,
    nonce,
    lockNonce,
    ownerText: ownerText(owner),
    probeMs: 1,
  });
}

export function emptyWorld(limits: Partial<Limits> = {}): World {
  const root = tree.plant(tree.emptyDirectory(0), PLACE.root, tree.emptyDirectory(0));
  return {
    root: tree.plant(root, PLACE.directory, tree.emptyDirectory(0)),
    processes: [],
    now: { monotonicMs: 0, wallMs: 0 },
    spawns: [],
    trusted: [],
    limits: { ...UNDISTURBED, ...limits },
    left: { ...UNDISTURBED, ...limits },
  };
}

function enter(
  world: World,
  role: Role,
  parent: number,
  make: (pid: number) => Program,
): { readonly world: World; readonly pid: number } {
  const pid = FIRST_PID + world.processes.length;
  if (world.processes.length >= PROCESSES_MAX)
    throw new Error(`more than ${PROCESSES_MAX} processes: their ids would not be told from times`);
  const process: Process = {
    pid,
    role,
    program: make(pid),
    alive: true,
    listener: '',
    bound: 0,
    connection: '',
    wakeMs: undefined,
    moved: false,
    paused: false,
    faulted: false,
    shaken: false,
    replaced: false,
    parent,
    exit: undefined,
  };
  return { world: { ...world, processes: [...world.processes, process] }, pid };
}

/** Puts a process there, from outside. */
export function add(world: World, role: Role, settings: Settings): World {
  return enter(world, role, 0, (pid) => programOf(role, pid, settings, world.now)).world;
}

function programOf(role: Role, pid: number, { timing }: Settings, now: Instant): Program {
  const place = PLACE;
  const self = identityOf(pid);
  switch (role) {
    case 'candidate':
      return { kind: 'claim', step: beginClaim(claimPlan(pid, '')) };
    case 'client': {
      const nonce = nonceOf(pid, 'o');
      const plan: ObtainPlan = quiet({
        place,
        userId: USER,
        platform: 'linux',
        self,
        nonce,
        timing,
        greeting: 'expected',
        patience: 'wait',
      });
      return { kind: 'obtain', step: beginObtain(plan, now) };
    }
    case 'kick': {
      const plan: KickPlan = quiet({ place, userId: USER, self, nonce: nonceOf(pid, 'k'), timing });
      return { kind: 'kick', step: beginKick(plan, now) };
    }
    case 'classic':
      return { kind: 'classic', at: { kind: 'binding', tries: 0 } };
  }
}

/** The port call that a process comes to next. The classic specimen makes calls that no port has. */
export function nextCommand({ program }: Process): Command | undefined {
  return 'step' in program && program.step.kind === 'do' ? program.step.command : undefined;
}

/** What a call would return now; undefined when it does not return yet. */
interface Answer {
  readonly world: World;
  readonly reading: Reading;
}

/** Makes the call that a process has come to. */
function perform(world: World, process: Process, command: Command, settings: Settings): Answer | undefined {
  switch (command.port) {
    case 'files':
      return performOnFiles(world, command.method, command.args as readonly string[]);
    case 'processes': {
      const seen = processOf(world, command.args[0]);
      if (seen?.alive !== true) return { world, reading: { kind: 'gone' } };
      const activity = seen.paused ? 'stopped' : 'running';
      return { world, reading: { kind: 'present', startTime: `t${seen.pid}`, activity } };
    }
    case 'clock':
      return { world, reading: { kind: 'done' } };
    case 'listener':
      return command.method === 'listen' ? listen(world, process, command.args[0]) : close(world, process);
    case 'probe':
      return command.method === 'connect'
        ? connect(world, process, command.args[0], settings.backlog)
        : greet(world, process);
    case 'spawner':
      return command.method === 'spawn'
        ? spawn(world, process, command.args[0], command.args[1])
        : { world, reading: childOf(world, command.args[0]) };
  }
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

function connect(world: World, process: Process, path: string, backlog: number): Answer {
  const found = tree.find(world.root, path, 'follow');
  const without = update(world, { ...process, connection: '' });
  if (found.kind === 'absent') return { world: without, reading: refusal('ENOENT') };
  if (found.kind === 'wrong-type') return { world: without, reading: refusal('ENOTDIR') };
  const socket = found.node.type === 'socket' ? found.node.listener : '';
  const server = listensBehind(world, socket);
  if (server === undefined) return { world: without, reading: refusal('ECONNREFUSED') };
  if (!takesOn(server) && waitingAt(without, socket) >= backlog)
    return { world: without, reading: refusal('EAGAIN') };
  return { world: update(world, { ...process, connection: socket }), reading: { kind: 'connected' } };
}

/** Whether it takes connections from its backlog. */
const takesOn = ({ program, paused }: Process): boolean =>
  !paused && (program.kind === 'serving' || program.kind === 'draining');

const waitingAt = (world: World, socket: string): number =>
  world.processes.filter(({ alive, connection }) => alive && connection === socket).length;

/** The first word on a connection: a daemon's, or the connection's end with its listener. Undefined while there is none. */
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

function spawn(world: World, process: Process, reason: SpawnReason, lockNonce: string): Answer {
  const entered = enter({ ...world, spawns: [...world.spawns, reason] }, 'candidate', process.pid, (pid) => ({
    kind: 'claim',
    step: beginClaim(claimPlan(pid, lockNonce)),
  }));
  return {
    world: entered.world,
    reading: { kind: 'spawned', pid: entered.pid, startTime: `t${entered.pid}` },
  };
}

function childOf(world: World, pid: number): Reading {
  const child = processOf(world, pid);
  if (child === undefined || child.alive) return { kind: 'running' };
  return { kind: 'ended', code: child.exit?.code, signal: child.exit?.signal, lastOutput: '' };
}

/** What a call says that fails for a reason of the machine's; undefined for a call that has none. */
function faultOf(command: Command): Reading | undefined {
  const cause = (code: string): Cause => ({ code, message: FAULT });
  switch (command.port) {
    case 'files':
      return { kind: 'failed', cause: cause(FILE_FAULTS[command.method] ?? 'EACCES') };
    case 'listener':
      return command.method === 'listen' ? { kind: 'failed', cause: cause('EMFILE') } : undefined;
    case 'probe':
      return command.method === 'connect' ? { kind: 'errno', cause: cause('EMFILE') } : undefined;
    case 'processes':
      return { kind: 'hidden', cause: cause('EMFILE') };
    case 'spawner':
      return command.method === 'spawn' ? { kind: 'refused', cause: cause('EAGAIN') } : undefined;
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

export type Luck = 'works' | 'fails';

/** Lets one process make its next call, and go on to the one after; undefined while it has to wait. */
export function advance(
  world: World,
  pid: number,
  settings: Settings,
  luck: Luck = 'works',
): Advanced | undefined {
  const process = processOf(world, pid);
  if (process?.program.kind === 'classic') return advanceClassic(world, process, process.program.at);
  if (process?.program.kind === 'draining') return ended(world, process, process.program.generation);
  const command = process === undefined ? undefined : nextCommand(process);
  if (process === undefined || command === undefined) return undefined;
  const answer =
    luck === 'works' ? perform(world, process, command, settings) : failing(world, process, command);
  const after = answer === undefined ? undefined : processOf(answer.world, pid);
  if (answer === undefined || after === undefined) return undefined;
  const event: Event = { reading: answer.reading, now: answer.world.now };
  const program = goOn(after.program, event, settings);
  const sleeper = withSleep({ ...after, program, moved: true, wakeMs: undefined }, answer.world.now);
  const made = (): Made => ({ pid, call: callText(command), answer: answerText(answer.reading) });
  return { world: conclude(answer.world, sleeper), made };
}

function failing(world: World, process: Process, command: Command): Answer | undefined {
  const reading = faultOf(command);
  return reading === undefined ? undefined : { world: update(world, { ...process, faulted: true }), reading };
}

/** A drained daemon's end. */
function ended(world: World, process: Process, generation: number): Advanced {
  const over: Process = { ...process, program: { kind: 'over', outcome: { kind: 'claimed', generation } } };
  const made = (): Made => ({ pid: process.pid, call: 'exits', answer: '' });
  return { world: conclude(world, over), made };
}

const short = (value: unknown): string =>
  String(value)
    .replaceAll(`${PLACE.directory}/`, '')
    .replaceAll(PLACE.directory, '.')
    .replace(/\s+/g, ' ')
    .slice(0, 60);

const callText = ({ method, args }: Command): string => `${method}(${args.map(short).join(', ')})`;

function answerText(reading: Reading): string {
  const rest = Object.entries(reading).filter(([name]) => name !== 'kind');
  const details = rest.map(([, value]) => short(typeof value === 'object' ? JSON.stringify(value) : value));
  return [reading.kind, ...details].join(' ');
}

function goOn(program: Program, event: Event, settings: Settings): Program {
  switch (program.kind) {
    case 'claim': {
      if (program.step.kind === 'end') return program;
      const step = (settings.stepClaim ?? stepClaim)(program.step.state, event);
      if (step.kind === 'do') return { kind: 'claim', step };
      return step.outcome.kind === 'claimed'
        ? { kind: 'serving', generation: step.outcome.generation }
        : { kind: 'over', outcome: step.outcome };
    }
    case 'obtain': {
      if (program.step.kind === 'end') return program;
      const step = stepObtain(program.step.state, event);
      return step.kind === 'do' ? { kind: 'obtain', step } : { kind: 'over', outcome: step.outcome };
    }
    case 'kick': {
      if (program.step.kind === 'end') return program;
      const step = stepKick(program.step.state, event as Event<never>);
      return step.kind === 'do' ? { kind: 'kick', step } : { kind: 'over', outcome: step.outcome };
    }
    default:
      return program;
  }
}

/** A sleep, or a wait for a first word, has an end: by the clock, not by anybody's step. */
function withSleep(process: Process, now: Instant): Process {
  const command = nextCommand(process);
  const waits = command?.port === 'clock' || (command?.port === 'probe' && command.method === 'greet');
  if (!waits) return process;
  return { ...process, wakeMs: now.monotonicMs + command.args[0] };
}

/** A process whose machine has ended ends, unless it serves; a caller's end closes what it had open. */
function conclude(world: World, process: Process): World {
  const { program } = process;
  if (program.kind !== 'over') return update(world, process);
  const code = program.outcome.kind === 'failed' ? 1 : 0;
  const trusted = givenWayTo(world, program.outcome);
  const ended = update(world, {
    ...process,
    alive: false,
    listener: '',
    connection: '',
    exit: { code, signal: undefined },
  });
  return trusted === undefined
    ? ended
    : { ...ended, trusted: [...new Set([...ended.trusted, trusted])].sort() };
}

function givenWayTo(
  world: World,
  outcome: Extract<Program, { kind: 'over' }>['outcome'],
): string | undefined {
  if (outcome.kind !== 'gave-way') return undefined;
  const found = tree.find(world.root, layout.generationSocket(PLACE.directory, outcome.generation));
  return found.kind === 'node' && found.node.type === 'socket' ? found.node.listener : undefined;
}
