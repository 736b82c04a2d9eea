/** The ledger holds a start back: the caller starts nothing, reports the reason, and frees the lock. */

import { expect, it } from 'vitest';
import { MemoryMachine } from '../../../src/adapters/memory/memory-machine.js';
import { notStarted } from '../../../src/domain/failure.js';
import { kick } from '../../../src/domain/obtain/kick.js';
import { obtain } from '../../../src/domain/obtain/obtain.js';
import { run, runSync } from '../../../src/domain/procedure/run.js';
import type { Spawner } from '../../../src/ports/spawner.js';
import { HOME, kickPlan, obtainPlan, tree } from '../../support/plans.js';

const HELD = { kind: 'held-back', failures: 3, untilMs: 9_000, waitMs: 4_000, message: 'Error: no' } as const;
const FAILURE = { ...HELD, kind: 'crash-loop', directory: HOME } as const;

const holding = (spawner: Spawner): Spawner => ({
  spawn: () => HELD,
  check: (pid) => spawner.check(pid),
});

it('obtain reports a start that is held back, and frees the lock', async () => {
  const machine = new MemoryMachine();
  const process = machine.start();
  const outcome = await machine.clock.finish(
    process.run((ports) => run(obtain(obtainPlan(process)), { ...ports, spawner: holding(ports.spawner) })),
  );
  expect(outcome).toEqual({ kind: 'failed', failure: FAILURE });
  expect(tree(machine).filter((line) => line.includes('spawn.lock'))).toEqual([]);
});

it('kick reports a start that is held back, and frees the lock', () => {
  const machine = new MemoryMachine();
  const process = machine.start();
  const { ports } = process;
  expect(runSync(kick(kickPlan(process)), { ...ports, spawner: holding(ports.spawner) })).toEqual({
    kind: 'failed',
    failure: FAILURE,
  });
  expect(tree(machine).filter((line) => line.includes('spawn.lock'))).toEqual([]);
});

it.each([
  ['refused', 'spawn-refused'],
  ['threw', 'spawn-threw'],
] as const)('a start that was %s is %s', (kind, failure) => {
  const cause = { code: 'EAGAIN', message: 'as the system says' };
  expect(notStarted({ kind, cause }, HOME)).toEqual({ kind: failure, directory: HOME, cause });
});
