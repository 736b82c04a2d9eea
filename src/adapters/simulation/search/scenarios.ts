/** What the search is sent through: who asks, and what lies about already. */

import { timingFrom } from '../../../domain/lock/timing.js';
import { aliveBeside, claimLayout, layout, NAMES } from '../../../domain/place/layout.js';
import type { Reading } from '../../../domain/procedure/procedure.js';
import * as tree from '../machine/file-tree.js';
import { type Point, phaseOf } from '../machine/points.js';
import { type Limits, PLACE, type Role, type System, type World } from '../machine/simulated-state.js';
import { add, emptyWorld, type Settings } from '../machine/world.js';
import { lackingIn, PLANTED } from './end-states.js';

/** Polls are few and far between: each instant at which somebody looks again multiplies the states. */
const TIMING = timingFrom({ totalMs: 2_000, firstPollMs: 500, lastPollMs: 500, pollGrowth: 1 });

/** The shortest backlog there is: a second connection that waits is told EAGAIN. */
export const SETTINGS: Settings = { timing: TIMING, backlog: 1 };

/** The claim without step 6: a candidate that publishes into a collected slot does not withdraw. */
export function withoutRecheck(point: Point, reading: Reading): Reading {
  if (phaseOf(point) !== 'recheck') return reading;
  const { method } = point.call;
  if (method === 'list') return { kind: 'names', names: [] };
  return method === 'readLink' || method === 'inspect' ? { kind: 'absent' } : reading;
}

/** A lock that does not lock: every candidate believes that it holds the file, and nobody sees it held. */
function withoutLock({ call }: Point, reading: Reading): Reading {
  if (call.port !== 'witness' || reading.kind !== 'held') return reading;
  return { kind: call.method === 'hold' ? 'done' : 'free' };
}

export interface Scenario {
  readonly name: string;
  readonly about: string;
  readonly settings: Settings;
  readonly world: (limits?: Partial<Limits>) => World;
  /** What nobody may be left without. */
  readonly atEnd: (world: World) => string | undefined;
}

type Change = (world: World) => World;

const unchanged: Change = (world) => world;

/** When what lies about was made: longer ago than any patience. */
const LONG_AGO = -120_000;
const DEAD = { pid: 9, startTime: 't9', bootId: 'boot', pidNamespace: 'pids' };

function plant(world: World, path: string, node: tree.Node): World {
  return { ...world, root: tree.plant(world.root, path, node) };
}

/** What a killed daemon leaves. */
function withGeneration(world: World, n: number): World {
  const generation = layout.generation(PLACE.directory, n);
  const text = `${JSON.stringify({ ...DEAD, name: 'n', service: '', startedMs: 0, solod: '' })}\n`;
  const made = plant(world, generation, tree.emptyDirectory(LONG_AGO));
  const owned = plant(made, `${generation}/${NAMES.owner}`, { type: 'file', text, at: LONG_AGO });
  return plant(owned, `${generation}/${NAMES.socket}`, { type: 'socket', listener: '9.0', at: LONG_AGO });
}

/** What a caller leaves that was killed with the lock in its hand. */
function withLock(world: World, at: number): World {
  const made = plant(world, layout.lock(PLACE.directory), tree.emptyDirectory(at));
  const text = `${JSON.stringify({ ...DEAD, nonce: PLANTED, wallMs: at, readyMs: 1_500 })}\n`;
  return plant(made, layout.lockRecord(PLACE.directory, PLANTED), { type: 'file', text, at });
}

const pointing = (world: World, target: string): World =>
  plant(world, layout.current(PLACE.directory), { type: 'link', target, at: LONG_AGO });

/** What candidates leave that were killed: half-made directories, and an empty one by the next number. */
function withHalfMade(world: World): World {
  const made = plant(world, layout.private(PLACE.directory, '9-x'), tree.emptyDirectory(LONG_AGO));
  const link: tree.Node = { type: 'link', target: '3', at: LONG_AGO };
  return plant(made, claimLayout.privateLink(PLACE.directory, '9-x'), link);
}

/**
 * Two dead generations, of which `current` names the one that has been superseded, a stale lock, half-made
 * directories.
 */
const withLeftovers: Change = (world) =>
  withLock(withHalfMade(pointing(withGeneration(withGeneration(world, 2), 3), '2')), -20_000);

/** A pointer to nothing, next to a dead generation, an empty one, and the rest. */
const withDangling: Change = (world) => {
  const empty = plant(world, layout.generation(PLACE.directory, 8), tree.emptyDirectory(LONG_AGO));
  return withLock(withHalfMade(pointing(withGeneration(empty, 3), '7')), -20_000);
};

/** What a killed daemon leaves that held a file: its name, and everything in it. */
function withDeadHolder(world: World): World {
  const current = layout.current(PLACE.directory);
  const made = plant(world, current, tree.emptyDirectory(LONG_AGO));
  const text = `${JSON.stringify({ ...DEAD, name: 'n', service: '', startedMs: 0, solod: '', held: true })}\n`;
  const owned = plant(made, layout.currentOwner(PLACE.directory), { type: 'file', text, at: LONG_AGO });
  const socket: tree.Node = { type: 'socket', listener: '9.0', at: LONG_AGO };
  const listened = plant(owned, layout.currentSocket(PLACE.directory), socket);
  const held: tree.Node = { type: 'file', text: `held by ${DEAD.pid}`, at: LONG_AGO };
  const alive = plant(listened, aliveBeside(layout.currentOwner(PLACE.directory)), held);
  return withLock(alive, -20_000);
}

/** A lock that is old enough for a kick to take it over, and not so old that it stands for nothing. */
const withYoungLock: Change = (world) => withLock(world, -3_000);

const START: Readonly<Record<string, Change>> = {
  '': unchanged,
  '-leftovers': withLeftovers,
  '-dangling': withDangling,
  '-young-lock': withYoungLock,
};

const STARTED: Readonly<Record<string, string>> = {
  '': '',
  '-leftovers': ', over what killed processes left',
  '-dangling': ', over a pointer to nothing and more',
  '-young-lock': ', and the lock of a dead caller',
};

function scenario(
  name: string,
  about: string,
  roles: readonly Role[],
  start: Change = unchanged,
  settings: Settings = SETTINGS,
  system: System = 'linux',
): Scenario {
  const world = (limits: Partial<Limits> = {}): World =>
    roles.reduce((made, role) => add(made, role, settings), start(emptyWorld(limits, system)));
  return { name, about, settings, world, atEnd: lackingIn };
}

function family(name: string, about: string, roles: readonly Role[]): Scenario[] {
  return Object.entries(START).map(([suffix, start]) =>
    scenario(`${name}${suffix}`, `${about}${STARTED[suffix] ?? ''}`, roles, start),
  );
}

/** By the rules of another system. */
function elsewhere(system: System, called: string, leftovers: Change): Scenario[] {
  const of = (name: string, about: string, roles: readonly Role[], start = unchanged): Scenario =>
    scenario(`${system}-${name}`, `${about}, by the rules of ${called}`, roles, start, SETTINGS, system);
  const overLeftovers = `three candidates${STARTED['-leftovers']}`;
  return [
    of('3-candidates', 'three candidates', times(3, 'candidate')),
    of('3-candidates-leftovers', overLeftovers, times(3, 'candidate'), leftovers),
    of('2-clients', 'two clients, with the daemons that they start', times(2, 'client')),
    of('2-kicks', 'two kicks, with the daemons that they start', times(2, 'kick')),
  ];
}

const times = (count: number, role: Role): readonly Role[] => Array<Role>(count).fill(role);

/** What a killed daemon of the classic kind leaves. */
const withDeadSocket: Change = (world) =>
  plant(world, `${PLACE.directory}/sock`, { type: 'socket', listener: '9.0', at: 0 });

export const SCENARIOS: readonly Scenario[] = [
  ...family('2-candidates', 'two candidates', times(2, 'candidate')),
  ...family('3-candidates', 'three candidates', times(3, 'candidate')),
  ...family('2-candidates-1-client', 'two candidates and a client', [...times(2, 'candidate'), 'client']),
  ...family('1-client', 'a client, with the daemon that it starts', ['client']),
  ...family('2-clients', 'two clients, with the daemons that they start', times(2, 'client')),
  ...family('3-clients', 'three clients, with the daemons that they start', times(3, 'client')),
  ...family('2-kicks', 'two kicks, with the daemons that they start', times(2, 'kick')),
  ...family('3-kicks', 'three kicks, with the daemons that they start', times(3, 'kick')),
  ...family('1-client-1-kick', 'a client and a kick', ['client', 'kick']),
  scenario('without-step-6', 'three candidates of a claim without step 6', times(3, 'candidate'), unchanged, {
    ...SETTINGS,
    distort: withoutRecheck,
  }),
  ...elsewhere('darwin', 'macOS', withLeftovers),
  scenario(
    'darwin-without-lock',
    'three candidates by the rules of macOS, without the lock that proves a daemon alive',
    times(3, 'candidate'),
    unchanged,
    { ...SETTINGS, distort: withoutLock },
    'darwin',
  ),
  ...elsewhere('windows', 'Windows', withDeadHolder),
  scenario(
    'windows-without-lock',
    'two candidates of the claim by lock, without the lock',
    times(2, 'candidate'),
    unchanged,
    { ...SETTINGS, distort: withoutLock },
    'windows',
  ),
  {
    ...scenario(
      'classic',
      'bind, probe twice, unlink, bind: two candidates',
      times(2, 'classic'),
      withDeadSocket,
    ),
    atEnd: () => undefined,
  },
];
