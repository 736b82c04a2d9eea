/** What procedures rely on in processes, in the files that these hold, and in the clock. */

import type { Identity, ProcessTable } from '../../ports/process-table.js';
import { type Checks, expect } from './check.js';
import { connect, expectNobody } from './socket-checks.js';

/** More than any system gives (`/proc/sys/kernel/pid_max` has 22 bits). */
const NOBODY = 0x7fff_fffe;
const SLEEP_MS = 50;
/** Timers of Node end up to a millisecond early. */
const EARLY_MS = 2;
const READINGS = 1_000;

export const WITNESSES: Checks = {
  'a file is held by one process': (host, at) => {
    const [one, other] = [host.witness?.(), host.witness?.()];
    if (one === undefined || other === undefined) return;
    expect(other.look(at('alive')), 'absent', 'look at nothing');
    expect(other.look(at('alive')), 'absent', 'a second look at nothing');
    expect(one.hold(at('alive')), 'done', 'hold');
    expect(other.look(at('alive')), 'held', 'look at a file that is held');
    expect(other.hold(at('alive')), 'held', 'hold of a file that is held');
    expect(other.hold(at('other')), 'done', 'hold of another file');
    one.release(at('alive'));
    expect(other.look(at('alive')), 'free', 'look at a file that was let go of');
    expect(one.look(at('alive')), 'free', 'look at a file that another process has looked at');
    expect(other.hold(at('alive')), 'done', 'hold of a file that was let go of');
    expect(one.hold(at('alive')), 'held', 'hold of a file that another process holds by now');
  },
};

export const PROCESSES: Checks = {
  'a process finds itself, and another one finds it': (host) => {
    const [one, other] = [host.processes?.(), host.processes?.()];
    if (one === undefined || other === undefined) return;
    const self = one.self();
    if (JSON.stringify(one.self()) !== JSON.stringify(self)) throw new Error('self() has changed');
    for (const table of [one, other])
      if (stateOf(table, self) !== 'running') throw new Error(`process ${self.pid} is said not to run`);
  },
  'an id that no process has is gone': (host) => {
    const table = host.processes?.();
    if (table === undefined) return;
    const seen = table.lookUp(NOBODY);
    if (seen.kind === 'present') throw new Error(`lookUp of no process: ${JSON.stringify(seen)}`);
    expect(table.signal(NOBODY, 'SIGTERM'), 'absent', 'signal to no process');
  },
  'a process that was killed has ended, and has let go of its socket and its file': async (host, at) => {
    const left = { socket: at('sock'), file: at('alive') };
    const ended = await host.killed?.(left);
    if (ended === undefined) return;
    expectNobody(host, await connect(host, left.socket), 'connect to a socket of a process that was killed');
    const table = host.processes?.();
    if (table !== undefined && stateOf(table, ended) === 'running')
      throw new Error(`process ${ended.pid} was killed, and is said to run`);
    const witness = host.witness?.();
    if (witness === undefined) return;
    expect(witness.look(left.file), 'free', 'look at a file of a process that was killed');
    expect(witness.hold(left.file), 'done', 'hold of a file of a process that was killed');
  },
};

/** A later process may have the id. */
function stateOf(table: ProcessTable, { pid, startTime }: Identity): 'running' | 'ended' {
  const seen = table.lookUp(pid);
  if (seen.kind !== 'present' || seen.activity === 'zombie') return 'ended';
  return seen.startTime === startTime ? 'running' : 'ended';
}

export const CLOCKS: Checks = {
  'the monotonic clock counts milliseconds, and never goes back': async (host) => {
    const { clock } = host;
    if (clock === undefined) return;
    let beforeMs = clock.now().monotonicMs;
    for (let n = 0; n < READINGS; n++) {
      const nowMs = clock.now().monotonicMs;
      // Also not a number, which is neither less nor more.
      if (!(nowMs >= beforeMs)) throw new Error(`monotonicMs: ${beforeMs}, and then ${nowMs}`);
      beforeMs = nowMs;
    }
    expect(await host.wait(clock.sleep(SLEEP_MS)), 'done', 'sleep');
    const sleptMs = clock.now().monotonicMs - beforeMs;
    if (!(sleptMs >= SLEEP_MS - EARLY_MS)) throw new Error(`a sleep of ${SLEEP_MS} ms took ${sleptMs} ms`);
  },
};
