/**
 * A candidate for a name on Node, as `native/src/bin/claims.rs` is natively. It prints its outcome, and lives
 * until its stdin ends.
 */

import { readSync, writeSync } from 'node:fs';
import { intercept } from '../../../src/adapters/memory/held-calls.js';
import { nodeClock } from '../../../src/adapters/node/clock.js';
import { nodeFileSystem } from '../../../src/adapters/node/files/file-system.js';
import { NodeProcessTable } from '../../../src/adapters/node/processes/process-table.js';
import { NodeListener } from '../../../src/adapters/node/sockets/listener.js';
import { NodeSocketProbe } from '../../../src/adapters/node/sockets/socket-probe.js';
import { type ClaimPlan, claim } from '../../../src/domain/claim/claim.js';
import { ownerText } from '../../../src/domain/evidence/owner.js';
import { handedLock } from '../../../src/domain/lock/held-lock.js';
import { nonceOf } from '../../../src/domain/place/layout.js';
import { run } from '../../../src/domain/procedure/run.js';
import { type Candidate, type NthCall, SERVED, WAITS, wordOf } from './claim-scenario.js';

interface Assignment extends Candidate {
  readonly root: string;
  readonly directory: string;
  readonly lock?: string;
}

const assignment = JSON.parse(process.argv[2] ?? '') as Assignment;
const { root, directory, lock, dies, fails, waits } = assignment;

const counts = new Map<string, number>();
/** Dies before a call that the scenario names, waits, or fails it. Any other call is made. */
function around(method: string, _: readonly unknown[], make: () => unknown): unknown {
  const nth = (counts.get(method) ?? 0) + 1;
  counts.set(method, nth);
  const isNamed = (call: NthCall | undefined) => call?.method === method && call.nth === nth;
  if (isNamed(dies)) end();
  if (isNamed(waits)) waitForLine();
  return fails !== undefined && isNamed(fails) ? failed(method, fails.code) : make();
}

function waitForLine(): void {
  writeSync(1, `${WAITS}\n`);
  readSync(0, Buffer.alloc(1));
}

/** Nothing is cleaned up, as with any process that is killed. */
const end = () => process.kill(process.pid, 'SIGKILL');

function failed(method: string, code: string) {
  if (method === 'connect') return { kind: 'errno', cause: { code, message: 'planted' } };
  if (code === 'ENOENT') return { kind: 'absent' };
  return code === 'EEXIST' ? { kind: 'occupied' } : { kind: 'failed', cause: { code, message: 'planted' } };
}

const processes = new NodeProcessTable();
const probe = new NodeSocketProbe();
const plan: ClaimPlan = {
  place: { root, directory },
  userId: process.getuid?.() ?? 0,
  platform: 'linux',
  nonce: nonceOf(process.pid, 'abc'),
  lock: handedLock(directory, lock),
  ownerText: ownerText({ ...processes.self(), ...SERVED }),
  probeMs: 1_000,
};
const ports = {
  clock: nodeClock,
  files: intercept(nodeFileSystem(), around),
  listener: intercept(new NodeListener(), around),
  probe: intercept(probe, around),
  processes: intercept(processes, around),
};

void run(claim(plan), ports).then((outcome) => {
  writeSync(1, `${wordOf(outcome)}\n`);
  process.stdin.on('end', end).resume();
});
