/** What the search is sent through: who asks, what lies about already, and what must be true at every end. */

import type { ClaimState } from '../../domain/claim.js';
import { stepClaim } from '../../domain/claim.js';
import { layout } from '../../domain/layout.js';
import type { Event } from '../../domain/machine.js';
import { timingFrom } from '../../domain/timing.js';
import { PLACE, type World } from './state.js';
import * as tree from './tree.js';
import { addCandidate, addClassic, addKick, addObtain, emptyWorld, type Settings } from './world.js';

/** Polls are few and far between: each instant at which somebody looks again multiplies the states. */
const TIMING = timingFrom({ totalMs: 2_000, firstPollMs: 500, lastPollMs: 500, pollGrowth: 1 });

export const SETTINGS: Settings = { timing: TIMING };

/** The claim without step 6: whoever publishes into a collected slot does not withdraw. */
export function claimWithoutRecheck(state: ClaimState, event: Event): ReturnType<typeof stepClaim> {
  if (state.at !== 'rechecking') return stepClaim(state, event);
  return stepClaim(state, { ...event, reading: { kind: 'absent' } });
}

export interface Scenario {
  readonly name: string;
  readonly about: string;
  readonly settings: Settings;
  readonly world: (kills: number) => World;
  /** What nobody may be left without, where nobody was killed. */
  readonly atEnd: (world: World) => string | undefined;
}

type Add = (world: World) => World;

const times = (count: number, add: Add): readonly Add[] => Array<Add>(count).fill(add);
const candidate: Add = (world) => addCandidate(world);
const obtain: Add = (world) => addObtain(world, SETTINGS);
const kick: Add = (world) => addKick(world, SETTINGS);

/** The holder of the lock that lies about in some scenarios. */
const PLANTED = '9-y';

/** Everything that killed processes can leave at once: a dead generation, a stale lock, a private directory. */
function withLeftovers(world: World): World {
  const at = -20_000;
  const socket: tree.Node = { type: 'socket', listener: '9.0', at };
  let { root } = world;
  const generation = layout.generation(PLACE.directory, 3);
  root = tree.plant(root, generation, tree.emptyDirectory(at));
  root = tree.plant(root, `${generation}/sock`, socket);
  root = tree.plant(root, layout.current(PLACE.directory), { type: 'link', target: '3', at });
  root = tree.plant(root, layout.private(PLACE.directory, '9-x'), tree.emptyDirectory(at));
  root = tree.plant(root, layout.lock(PLACE.directory), tree.emptyDirectory(at));
  const holder = { pid: 9, startTime: 't9', bootId: 'boot', pidNamespace: 'pids' };
  const text = `${JSON.stringify({ ...holder, nonce: PLANTED, wallMs: at, readyMs: 1_500 })}\n`;
  root = tree.plant(root, layout.lockRecord(PLACE.directory, PLANTED), { type: 'file', text, at });
  return { ...world, root };
}

/** A pointer to nothing. */
function withDanglingPointer(world: World): World {
  const link: tree.Node = { type: 'link', target: '7', at: 0 };
  return { ...world, root: tree.plant(world.root, layout.current(PLACE.directory), link) };
}

function scenario(
  name: string,
  about: string,
  adds: readonly Add[],
  start: (world: World) => World = (world) => world,
  settings: Settings = SETTINGS,
): Scenario {
  const world = (kills: number): World => adds.reduce((made, add) => add(made), start(emptyWorld(kills)));
  return { name, about, settings, world, atEnd: (end) => lacking(end) };
}

/** What must be true when nothing can happen any more. */
function lacking(world: World): string | undefined {
  const killed = world.processes.some(({ exit }) => exit?.signal === 'SIGKILL');
  const serving = world.processes.filter(({ alive, program }) => alive && program.kind === 'serving');
  const clueless = world.processes.find(
    ({ program }) => program.kind === 'over' && program.outcome.kind === 'failed',
  );
  if (killed) return undefined;
  if (serving.length !== 1) return `${serving.length} daemons serve in the end`;
  if (clueless !== undefined) return `process ${clueless.pid} ended with a failure`;
  if (world.spawns.length > 1) return `${world.spawns.length} processes were started`;
  return leftBehind(world);
}

function leftBehind(world: World): string | undefined {
  const directory = tree.find(world.root, PLACE.directory);
  if (directory.kind !== 'node' || directory.node.type !== 'directory') return 'the directory is gone';
  // The lock that was planted stays where nobody asks for it.
  const planted = tree.find(world.root, layout.lockRecord(PLACE.directory, PLANTED));
  const left = Object.keys(directory.node.entries).filter((name) =>
    planted.kind === 'node' ? /^tmp\.1|^trash\./.test(name) : /^tmp\.1|^trash\.|^spawn\.lock$/.test(name),
  );
  return left.length === 0 ? undefined : `left behind: ${left.join(', ')}`;
}

const without: Settings = { ...SETTINGS, stepClaim: claimWithoutRecheck };

export const SCENARIOS: readonly Scenario[] = [
  scenario('3-candidates', 'three candidates from nothing', times(3, candidate)),
  scenario(
    '3-candidates-leftovers',
    'three candidates over what killed processes left',
    times(3, candidate),
    withLeftovers,
  ),
  scenario(
    '3-candidates-dangling',
    'three candidates, and a pointer to nothing',
    times(3, candidate),
    withDanglingPointer,
  ),
  scenario('2-candidates-1-client', 'two candidates and one client', [...times(2, candidate), obtain]),
  scenario('2-clients', 'two clients from nothing, with the daemons that they start', times(2, obtain)),
  scenario(
    '2-clients-leftovers',
    'the same over what killed processes left',
    times(2, obtain),
    withLeftovers,
  ),
  scenario('3-kicks', 'three kicks, with the daemons that they start', times(3, kick)),
  scenario('2-kicks-leftovers', 'two kicks over what killed processes left', times(2, kick), withLeftovers),
  scenario('1-client-1-kick', 'a client and a kick', [obtain, kick]),
  scenario(
    'without-step-6',
    'three candidates of a claim without step 6',
    times(3, candidate),
    undefined,
    without,
  ),
  {
    ...scenario('classic', 'bind, probe twice, unlink, bind: two candidates', times(2, addClassic)),
    world: (kills) => addClassic(addClassic(withDeadSocket(emptyWorld(kills)))),
    atEnd: () => undefined,
  },
];

/** What a killed daemon of the classic kind leaves. */
function withDeadSocket(world: World): World {
  const socket: tree.Node = { type: 'socket', listener: '9.0', at: 0 };
  return { ...world, root: tree.plant(world.root, `${PLACE.directory}/sock`, socket) };
}
