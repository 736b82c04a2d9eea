/**
 * The machines of before against the procedures, as production runs them and as the search does: every answer at random, and the
 * same for all. They make the same calls, call for call, and end alike; or the walk says where they part. `SOLOD_STEPS` is how
 * many calls are compared for each procedure.
 *
 * One difference is meant. A machine that starts a daemon without the lock names a lock to the child, notes the child in its
 * record, and releases it, though it has none; a procedure can't, without the proof. The calls are told apart by the record.
 */

import { describe, expect, it } from 'vitest';
import { begin, goOn } from '../../src/adapters/simulation/points.js';
import { claim } from '../../src/domain/claim/claim.js';
import { checkOwnership } from '../../src/domain/claim/name-ownership.js';
import { listToSweep, sweepOne } from '../../src/domain/claim/sweep.js';
import { sightOwner } from '../../src/domain/evidence/owner-witness.js';
import { collectGarbage } from '../../src/domain/gc/collect-garbage.js';
import { endHungDaemon } from '../../src/domain/lifecycle/end-hung-daemon.js';
import { handedLock, releaseLock } from '../../src/domain/lock/held-lock.js';
import { sightLock } from '../../src/domain/lock/lock-witness.js';
import { lookAtLock, takeLock, takeOver } from '../../src/domain/lock/spawn-lock.js';
import { timingFrom } from '../../src/domain/lock/timing.js';
import { kick } from '../../src/domain/obtain/kick.js';
import { obtain } from '../../src/domain/obtain/obtain.js';
import { prepareDirectory } from '../../src/domain/place/state-directory.js';
import type { Procedure } from '../../src/domain/procedure/procedure.js';
import { beginClaim, stepClaim } from './machines/claim/claim.js';
import { examineTenure, stepTenure } from './machines/claim/name-ownership.js';
import { stepSweep, sweep } from './machines/claim/sweep.js';
import * as oldOwner from './machines/evidence/owner-witness.js';
import { collect, stepCollect } from './machines/gc/collect-garbage.js';
import { beginTermination, stepTermination } from './machines/lifecycle/end-hung-daemon.js';
import * as oldSight from './machines/lock/lock-witness.js';
import * as oldLock from './machines/lock/spawn-lock.js';
import { beginKick, stepKick } from './machines/obtain/kick.js';
import { beginObtain, stepObtain } from './machines/obtain/obtain.js';
import * as oldDirectory from './machines/place/state-directory.js';

// biome-ignore lint/suspicious/noExplicitAny: any machine, and any procedure
type Any = any;

let seed = 1;
const random = (): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
};
const pick = <T>(...of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
const kind = (name: string, more: object = {}): Any => ({ kind: name, ...more });
const failing = (): Any =>
  kind('failed', { cause: { code: pick('ENOSPC', 'EIO', 'EACCES'), message: 'as if' } });

const SELF = { pid: 7, startTime: 't', bootId: 'b', pidNamespace: 'n' };
const LOCK = '7-abcdefgh';
const someone = (pid: number) => ({
  pid,
  startTime: pick('t', ''),
  bootId: pick('b', 'b', 'c'),
  pidNamespace: pick('n', 'n', 'o'),
});
const line = (value: object): string => `${JSON.stringify(value)}\n`;
const ownerLine = (): string =>
  line({ ...someone(pick(7, 50, 9)), name: 'n', service: '', startedMs: 0, solod: '', version: '', wire: 1 });
const lockLines = (wallMs: number): string =>
  line({
    ...someone(8),
    nonce: LOCK,
    wallMs: wallMs - pick(0, 500, 2_500, 20_000, -5_000),
    readyMs: 1_500,
  }) + pick('', line(someone(9)));
const entry = (type: string, userId: number, mode: number, modifiedMs: number): Any =>
  kind('entry', { entry: { type, userId, mode, modifiedMs } });

function inspected(wallMs: number): Any {
  const type = pick('directory', 'directory', 'link', 'other', 'socket');
  const odd = entry(type, pick(1, 1, 1, 2), pick(0o700, 0o700, 0o755), wallMs - pick(0, 3_000, 70_000));
  const good = entry('directory', 1, 0o700, wallMs);
  return pick(kind('absent'), kind('absent'), odd, good, good, good, kind('wrong-type'), failing());
}

const NAMES = [
  [],
  ['1', '2'],
  [LOCK],
  [LOCK],
  [LOCK],
  ['1', '4', LOCK, 'trash.1', 'tmp.9-aa-0', 'tmp.8-aa-0'],
  ['x'],
];

/** What a call returns, likely enough to get far, and everything now and then. */
function answerTo({ port, method, args }: Any, wallMs: number): Any {
  switch (`${port}.${method}`) {
    case 'files.inspect':
      return inspected(wallMs);
    case 'files.list': {
      const names = kind('names', { names: pick(...NAMES) });
      return pick(names, names, names, kind('absent'), kind('wrong-type'), failing());
    }
    case 'files.readLink': {
      const target = kind('target', { target: pick('1', '1', '2', '3', 'x') });
      return pick(target, kind('target', { target: '1' }), kind('absent'), kind('wrong-type'), failing());
    }
    case 'files.readText': {
      const text = kind('text', {
        text: args[0].includes('lock') ? lockLines(wallMs) : pick(ownerLine(), 'own'),
      });
      return pick(text, text, text, kind('text', { text: 'junk' }), kind('absent'), failing());
    }
    case 'listener.listen':
    case 'listener.close':
      return pick(...Array(6).fill(kind('done')), failing());
    case 'probe.connect': {
      const code = pick('ENOENT', 'ECONNREFUSED', 'ECONNREFUSED', 'EAGAIN', 'EWHAT');
      const errno = kind('errno', { cause: { code, message: code } });
      return pick(kind('connected'), kind('silent'), kind('own'), errno, errno, errno, errno, errno);
    }
    case 'probe.greet':
      return pick(
        kind('accepted'),
        kind('draining'),
        kind('draining', { why: 'upgrade' }),
        kind('outdated', { message: 'm' }),
        kind('declined', { message: 'm', exitCode: 1 }),
        kind('ended'),
        kind('ended'),
        kind('silent'),
      );
    case 'processes.lookUp':
      return pick(
        kind('present', { startTime: pick('t', 'u'), activity: 'running' }),
        kind('present', { startTime: 't', activity: pick('stopped', 'running', 'zombie') }),
        kind('gone'),
        { ...failing(), kind: 'hidden' },
      );
    case 'processes.signal':
      return pick(kind('done'), kind('done'), kind('absent'), failing());
    case 'spawner.spawn': {
      const spawned = kind('spawned', { pid: 50, startTime: 't' });
      const held = kind('held-back', { failures: 2, untilMs: 1, waitMs: 1, message: 'm' });
      return pick(spawned, spawned, spawned, { ...failing(), kind: pick('refused', 'threw') }, held);
    }
    case 'spawner.check': {
      const ended = { code: pick(0, 1, undefined), signal: undefined, lastOutput: '' };
      return pick(kind('running'), kind('running'), kind('ended', ended));
    }
    case 'clock.sleep':
      return kind('done');
    default:
      return pick(
        ...Array(9).fill(kind('done')),
        kind('absent'),
        kind('occupied'),
        kind('wrong-type'),
        failing(),
      );
  }
}

/** What is shown of a call, or of the end. The proof that comes with a held lock is new. */
function shown(call: Any, outcome: Any): string {
  if (call !== undefined) {
    const args = call.method === 'spawn' ? [call.args[0]] : call.args;
    return JSON.stringify({ port: call.port, method: call.method, args });
  }
  const { lock: _, during, ...rest } = typeof outcome === 'object' ? outcome : { outcome };
  return JSON.stringify({ outcome: during === undefined ? rest : { ...rest, at: during } }, (key, value) =>
    key === 'at' ? undefined : value,
  );
}

interface Pair {
  readonly name: string;
  /** The first step of the machine, and how it goes on. */
  readonly machine: (plan: Any, now: Any) => { readonly first: Any; readonly step: Any };
  readonly procedure: (plan: Any) => Procedure<unknown>;
  readonly plan: () => Any;
}

const OWN_RECORD = /\/spawn\.lock\/7-abcd$/;
const OWN_PRIVATE_LOCK = /\/tmp\.7-abcd\.lock$/;

interface Told {
  calls: number;
  ends: number;
  unlocked: number;
}

/** The search keeps every point that it has been at. */
const SEARCHED_MAX = 30_000;

/** A procedure as production runs it, up to its next call. */
class Shipped {
  call: Any;
  outcome: unknown;

  constructor(
    private readonly procedure: Procedure<unknown>,
    at: Any,
  ) {
    this.goOn(undefined, at);
  }

  goOn(reading: Any, at: Any): void {
    let said = this.procedure.next(reading);
    for (; said.done !== true; said = this.procedure.next(this.#answer(said.value, at))) {
      this.call = said.value;
      if (this.call.kind === 'call' && this.call.method !== 'now' && this.call.method !== 'self') return;
    }
    this.call = undefined;
    this.outcome = said.value;
  }

  #answer(said: Any, at: Any): unknown {
    if (said.kind !== 'call') return undefined;
    return said.method === 'now' ? at : SELF;
  }
}

/** One walk, to its end. */
function walk({ name, machine, procedure, plan: made }: Pair, told: Told): void {
  const plan = made();
  let now = { monotonicMs: 0, wallMs: 1_000_000 };
  const { first, step } = machine(plan, now);
  let old = first;
  const shipped = new Shipped(procedure(plan), now);
  let point: Any = told.calls < SEARCHED_MAX ? begin(procedure, plan, SELF, now) : undefined;
  const story: string[] = [];
  /** Whether the lock has been taken, and not released since. */
  let held = false;
  for (let calls = 0; ; calls += 1) {
    const before = shown('command' in old ? old.command : undefined, old.outcome);
    const after = shown(shipped.call, shipped.outcome);
    const searched = point === undefined ? after : shown(point.call, point.outcome);
    if (after !== searched)
      throw new Error(`${name}
is:  ${after}
the search: ${searched}`);
    if (before !== after) {
      const call = old.kind === 'do' ? old.command : undefined;
      const isUnheld = call?.port === 'files' && OWN_RECORD.test(call.args[0]) && !held;
      if (!isUnheld)
        throw new Error(
          `${name}: ${JSON.stringify(plan)}\n${story.join('\n')}\nwas: ${before}\nis:  ${after}`,
        );
      told.unlocked += 1;
      old = step(old.state, { reading: kind('absent'), now });
      continue;
    }
    told.calls += 1;
    if (old.kind === 'end') break;
    const reading = calls < 400 ? answerTo(old.command, now.wallMs) : failing();
    const { method, args } = old.command;
    if (method === 'rename' && OWN_PRIVATE_LOCK.test(args[0])) held = reading.kind === 'done';
    if (method === 'removeFile' && OWN_RECORD.test(args[0])) held = false;
    story.push(`${before} ${JSON.stringify(reading)}`);
    now = {
      monotonicMs: now.monotonicMs + pick(0, 0, 0, 1, 30, 400),
      wallMs: now.wallMs + pick(0, 0, 1, 30),
    };
    old = step(old.state, { reading, now });
    shipped.goOn(reading, now);
    if (point !== undefined) point = goOn(point, reading, now);
  }
  told.ends += 1;
}

const place = { root: '/r', directory: '/r/n' };
const common = () => ({ place, userId: 1, platform: pick('linux', 'darwin'), self: SELF, nonce: '7-abcd' });
const timing = timingFrom({ totalMs: 2_000 });
const claimPlan = () => {
  const lockNonce = pick(undefined, '8-zzzz');
  return {
    ...common(),
    lockNonce: lockNonce ?? '',
    lock: handedLock(place.directory, lockNonce),
    ownerText: 'own',
    probeMs: 10,
  };
};
const sweepPlan = () => ({
  directory: place.directory,
  nonce: '7-abcd-0',
  own: 5,
  below: 5,
  proven: pick(4, 1),
  platform: pick('linux', 'darwin'),
  probeMs: 10,
});
const lockPlan = () => ({ directory: place.directory, nonce: '7-abcd', holder: SELF, readyMs: 1_500 });
const record = () => ({
  nonce: LOCK,
  holder: someone(8),
  wallMs: 0,
  readyMs: 1_500,
  child: pick(undefined, someone(9)),
});
const observed = (): Any =>
  pick(
    { kind: 'record', record: record() },
    { kind: 'foreign', type: pick('directory', 'other'), modifiedMs: 0 },
  );

function* sweepAll(plan: Any): Procedure<unknown> {
  for (const name of yield* listToSweep(plan)) yield* sweepOne(plan, name);
  return undefined;
}

const PAIRS: readonly Pair[] = [
  {
    name: 'claim',
    machine: (plan) => ({ first: beginClaim(plan), step: stepClaim }),
    procedure: claim,
    plan: claimPlan,
  },
  {
    name: 'obtain',
    machine: (plan, now) => ({ first: beginObtain(plan, now), step: stepObtain }),
    procedure: obtain,
    plan: () => ({
      ...common(),
      timing,
      greeting: pick('expected', 'none'),
      patience: pick('wait', 'wait', 'leave'),
      because: pick(undefined, undefined, 'restart'),
    }),
  },
  {
    name: 'kick',
    machine: (plan, now) => ({ first: beginKick(plan, now), step: stepKick }),
    procedure: kick,
    plan: () => ({ ...common(), timing }),
  },
  {
    name: 'take lock',
    machine: (plan) => ({ first: oldLock.takeLock(plan), step: oldLock.stepTake }),
    procedure: takeLock,
    plan: lockPlan,
  },
  {
    name: 'look at lock',
    machine: ({ directory }) => ({ first: oldLock.lookAtLock(directory), step: oldLock.stepLook }),
    procedure: function looking({ directory }) {
      return lookAtLock(directory);
    },
    plan: lockPlan,
  },
  {
    name: 'take over',
    machine: (plan) => ({ first: oldLock.takeOver(plan, plan.observed), step: oldLock.stepTakeOver }),
    procedure: function takingOver(plan) {
      return takeOver(plan, plan.observed);
    },
    plan: () => ({ ...lockPlan(), observed: observed() }),
  },
  {
    name: 'release lock',
    machine: () => ({ first: oldLock.releaseLock(place.directory, '8-z'), step: oldLock.stepRelease }),
    procedure: function releasing() {
      return releaseLock(handedLock(place.directory, '8-z') as Any);
    },
    plan: lockPlan,
  },
  {
    name: 'sight lock',
    machine: (plan) => ({ first: oldSight.sightLock(plan.observed, SELF), step: oldSight.stepSightLock }),
    procedure: function sightingLock(plan) {
      return sightLock(plan.observed);
    },
    plan: () => ({ observed: observed() }),
  },
  {
    name: 'sight owner',
    machine: () => ({ first: oldOwner.sightOwner('/r/n/1/owner.json', SELF), step: oldOwner.stepSightOwner }),
    procedure: function sightingOwner() {
      return sightOwner('/r/n/1/owner.json');
    },
    plan: () => ({}),
  },
  {
    name: 'sweep',
    machine: (plan) => ({ first: sweep(plan), step: stepSweep }),
    procedure: sweepAll,
    plan: sweepPlan,
  },
  {
    name: 'name ownership',
    machine: (plan) => ({ first: examineTenure(plan), step: stepTenure }),
    procedure: checkOwnership,
    plan: () => ({ directory: place.directory, generation: 1, ownerText: 'own' }),
  },
  {
    name: 'state directory',
    machine: (plan) => ({ first: oldDirectory.prepareDirectory(plan), step: oldDirectory.stepPrepare }),
    procedure: prepareDirectory,
    plan: common,
  },
  {
    name: 'end a hung daemon',
    machine: (plan) => ({ first: beginTermination(plan), step: stepTermination }),
    procedure: endHungDaemon,
    plan: () => ({
      directory: place.directory,
      self: SELF,
      ancestors: pick([], [9]),
      graceMs: pick(100, 1_000),
      killMs: pick(100, 1_000),
    }),
  },
  {
    name: 'collect garbage',
    machine: (plan) => ({ first: collect(plan), step: stepCollect }),
    procedure: collectGarbage,
    plan: () => ({ ...common(), probeMs: 10 }),
  },
];

const STEPS = Number(process.env.SOLOD_STEPS ?? 3_000);

describe('machine and procedure make the same calls, and end alike', () => {
  it.each(PAIRS)(
    '$name',
    (pair) => {
      const told: Told = { calls: 0, ends: 0, unlocked: 0 };
      for (let n = 1; told.calls < STEPS; n += 1) {
        seed = n * 7_919;
        walk(pair, told);
      }
      expect(told.calls).toBeGreaterThanOrEqual(STEPS);
      if (process.env.SOLOD_STEPS !== undefined)
        process.stdout.write(`${pair.name}: ${JSON.stringify(told)}\n`);
    },
    3_600_000,
  );
});
