/**
 * One machine as plain data: its files, its processes, its clock. Each process runs a procedure of the
 * domain, the very one that is shipped; what a port does for it is a function from one world to the next.
 */

import { type ClaimPlan, claim } from '../../../domain/claim/claim.js';
import { claimByLock } from '../../../domain/claim/claim-by-lock.js';
import type { Identity } from '../../../domain/evidence/identity.js';
import { type Owner, ownerText } from '../../../domain/evidence/owner.js';
import { handedLock } from '../../../domain/lock/held-lock.js';
import type { Timing } from '../../../domain/lock/timing.js';
import { type KickPlan, kick } from '../../../domain/obtain/kick.js';
import { type ObtainPlan, obtain } from '../../../domain/obtain/obtain.js';
import { layout, nonceOf, type Platform } from '../../../domain/place/layout.js';
import type { Call, Procedure, Reading } from '../../../domain/procedure/procedure.js';
import type { Instant } from '../../../ports/readings.js';
import type { SpawnReason } from '../../../ports/spawn-reason.js';
import { advanceClassic } from './classic.js';
import * as tree from './file-tree.js';
import { begin, type Ended, goOn, type Point } from './points.js';
import { type Answer, faultOf, perform } from './simulated-ports.js';
import {
  type Advanced,
  FIRST_PID,
  type Limits,
  type Made,
  type Outcome,
  PLACE,
  PROCESSES_MAX,
  type ProcedureKind,
  type Process,
  type Program,
  processOf,
  type Role,
  type SpecimenOutcome,
  type System,
  UNDISTURBED,
  USER,
  update,
  type World,
} from './simulated-state.js';

const BOOT = 'boot';
const SPACE = 'pids';

export interface Settings {
  readonly timing: Timing;
  /** How many connections wait at a listener that takes none on. */
  readonly backlog: number;
  /** A protocol that is tried out: what a process of the role `specimen` does. */
  readonly specimen?: () => Procedure<SpecimenOutcome>;
  /**
   * Leaves a guard out, to show that the search finds what it guards against: what a process is told in place
   * of a reading.
   */
  readonly distort?: (point: Point, reading: Reading) => Reading;
}

const identityOf = (pid: number): Identity => ({
  pid,
  startTime: `t${pid}`,
  bootId: BOOT,
  pidNamespace: SPACE,
});

const PLATFORMS: Readonly<Record<System, Platform>> = { linux: 'linux', darwin: 'darwin', windows: 'win32' };

/** How a candidate claims. */
const claimOf = (system: System) => (system === 'windows' ? claimByLock : claim);

function claimPlan(pid: number, lockNonce: string | undefined, system: System): ClaimPlan {
  const owner: Owner = {
    ...identityOf(pid),
    ...(system !== 'linux' && { startTime: '' }),
    name: 'n',
    service: '',
    startedMs: 0,
    solod: '',
    version: '',
    wire: 0,
  };
  return {
    place: PLACE,
    userId: USER,
    platform: PLATFORMS[system],
    nonce: nonceOf(pid, 'c'),
    lock: handedLock(PLACE.directory, lockNonce),
    ownerText: ownerText(owner),
    heldOwnerText: system === 'linux' ? undefined : ownerText({ ...owner, held: true }),
    probeMs: 1,
  };
}

/** A process that begins such a procedure. */
function beginning<P extends object>(
  kind: ProcedureKind,
  procedure: (plan: P) => Procedure<unknown>,
  plan: P,
  pid: number,
  at: Instant,
): Program {
  return programAt(kind, begin(procedure, plan, identityOf(pid), at));
}

/** A process goes on, begins to serve, or has ended. */
function programAt(kind: ProcedureKind, point: Point | Ended): Program {
  if ('call' in point) return { kind, point };
  const outcome = point.outcome as Outcome;
  if (outcome.kind === 'claimed') return { kind: 'serving', generation: outcome.generation };
  return outcome.kind === 'serves' ? { kind: 'serving', generation: 'none' } : { kind: 'over', outcome };
}

export function emptyWorld(limits: Partial<Limits> = {}, system: System = 'linux'): World {
  const root = tree.plant(tree.emptyDirectory(0), PLACE.root, tree.emptyDirectory(0));
  return {
    system,
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
  return enter(world, role, 0, (pid) => programOf(role, pid, settings, world)).world;
}

function programOf(role: Role, pid: number, { timing, specimen }: Settings, { now, system }: World): Program {
  const place = PLACE;
  switch (role) {
    case 'candidate':
      return beginning('claim', claimOf(system), claimPlan(pid, undefined, system), pid, now);
    case 'client': {
      const plan: ObtainPlan = {
        place,
        userId: USER,
        platform: PLATFORMS[system],
        nonce: nonceOf(pid, 'o'),
        timing,
        greeting: 'expected',
        patience: 'wait',
      };
      return beginning('obtain', obtain, plan, pid, now);
    }
    case 'kick': {
      const plan: KickPlan = { place, userId: USER, nonce: nonceOf(pid, 'k'), timing };
      return beginning('kick', kick, plan, pid, now);
    }
    case 'classic':
      return { kind: 'classic', state: { kind: 'binding', tries: 0 } };
    case 'specimen':
      if (specimen === undefined) throw new Error('these settings have no specimen');
      return beginning('specimen', specimen, {}, pid, now);
  }
}

/** The port call that a process comes to next. The classic specimen makes calls that no port has. */
export function nextCall({ program }: Process): Call | undefined {
  return 'point' in program ? program.point.call : undefined;
}

function spawn(world: World, process: Process, reason: SpawnReason, lockNonce: string | undefined): Answer {
  const entered = enter({ ...world, spawns: [...world.spawns, reason] }, 'candidate', process.pid, (pid) =>
    beginning('claim', claimOf(world.system), claimPlan(pid, lockNonce, world.system), pid, world.now),
  );
  return {
    world: entered.world,
    reading: { kind: 'spawned', pid: entered.pid, startTime: `t${entered.pid}` },
  };
}

export type Luck = 'works' | 'fails';

/** Lets one process make its next call, and go on to the one after; undefined while it has to wait. */
export function advance(
  world: World,
  pid: number,
  settings: Settings,
  luck: Luck = 'works',
): Advanced | undefined {
  const process = processOf(world, pid);
  if (process?.program.kind === 'classic') return advanceClassic(world, process, process.program.state);
  if (process?.program.kind === 'draining') return drained(world, process);
  const call = process === undefined ? undefined : nextCall(process);
  if (process === undefined || call === undefined) return undefined;
  const answer =
    luck === 'works'
      ? perform(world, process, call, { backlog: settings.backlog, spawn })
      : failing(world, process, call);
  const after = answer === undefined ? undefined : processOf(answer.world, pid);
  if (answer === undefined || after === undefined) return undefined;
  const program = goneOn(after.program, answer, settings);
  const sleeper = withSleep({ ...after, program, moved: true, wakeMs: undefined }, answer.world.now);
  const made = (): Made => ({ pid, call: callText(call), answer: answerText(answer.reading) });
  return { world: conclude(answer.world, sleeper), made };
}

function failing(world: World, process: Process, call: Call): Answer | undefined {
  const reading = faultOf(call);
  return reading === undefined ? undefined : { world: update(world, { ...process, faulted: true }), reading };
}

/** A drained daemon's end. */
function drained(world: World, process: Process): Advanced {
  const over: Process = { ...process, program: { kind: 'over', outcome: { kind: 'drained' } } };
  const made = (): Made => ({ pid: process.pid, call: 'exits', answer: '' });
  return { world: conclude(world, over), made };
}

const short = (value: unknown): string =>
  String(value)
    .replaceAll(`${PLACE.directory}/`, '')
    .replaceAll(PLACE.directory, '.')
    .replace(/\s+/g, ' ')
    .slice(0, 60);

const callText = ({ method, args }: Call): string => `${method}(${args.map(short).join(', ')})`;

function answerText(reading: Reading): string {
  const rest = Object.entries(reading).filter(([name]) => name !== 'kind');
  const details = rest.map(([, value]) => short(typeof value === 'object' ? JSON.stringify(value) : value));
  return [reading.kind, ...details].join(' ');
}

function goneOn(program: Program, { reading, world }: Answer, { distort }: Settings): Program {
  if (!('point' in program)) return program;
  const { kind, point } = program;
  return programAt(kind, goOn(point, distort?.(point, reading) ?? reading, world.now));
}

/** A sleep, or a wait for a first word, has an end: by the clock, not by anybody's step. */
function withSleep(process: Process, now: Instant): Process {
  const call = nextCall(process);
  const waits = call?.port === 'clock' || (call?.port === 'probe' && call.method === 'greet');
  if (!waits) return process;
  return { ...process, wakeMs: now.monotonicMs + (call.args[0] ?? 0) };
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

/** Where clients of a generation connect. */
export const publicSocket = ({ system }: World, generation: number): string =>
  system === 'windows'
    ? layout.currentSocket(PLACE.directory)
    : layout.generationSocket(PLACE.directory, generation);

function givenWayTo(
  world: World,
  outcome: Extract<Program, { kind: 'over' }>['outcome'],
): string | undefined {
  if (outcome.kind !== 'gave-way') return undefined;
  const found = tree.find(world.root, publicSocket(world, outcome.generation));
  return found.kind === 'node' && found.node.type === 'socket' ? found.node.listener : undefined;
}
