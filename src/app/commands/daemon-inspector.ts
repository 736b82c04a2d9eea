/** Looks at daemons without starting any: which are there, and how they are doing. */

import { setTimeout as delay } from 'node:timers/promises';
import { judgeConnect } from '../../domain/evidence/connect-verdict.js';
import { vitalityOf } from '../../domain/evidence/identity.js';
import { parseJson } from '../../domain/evidence/json.js';
import { type Owner, parseOwner } from '../../domain/evidence/owner.js';
import { sightOwner } from '../../domain/evidence/owner-witness.js';
import type { Failure } from '../../domain/failure.js';
import { layout } from '../../domain/place/layout.js';
import { runSync } from '../../domain/procedure/run.js';
import type { Cause } from '../../ports/readings.js';
import type { ConnectReading } from '../../ports/socket-probe.js';
import { type Host, portsOf } from '../platforms/host.js';
import { ORPHANED } from '../platforms/look-at-process.js';
import { durationText } from '../texts/duration.js';
import { CallConnection } from '../wire/client.js';
import { CONTROL } from '../wire/control.js';
import { type DaemonStatus, statusSchema } from '../wire/daemon-status.js';
import { collectAnswer } from './collect-answer.js';
import { forbiddenConnection } from './forbidden-access.js';

export type Inspection =
  /** It answered, with its own status. */
  | { readonly kind: 'answered'; readonly directory: string; readonly status: DaemonStatus }
  /** It is there and did not answer in time, or can't be reached. `owner` is what its owner file says. */
  | {
      readonly kind: 'not-answering';
      readonly directory: string;
      readonly owner: Owner | undefined;
      readonly cause: Cause;
      /** What keeps this process from it, if the system forbids that. */
      readonly forbidden: Failure | undefined;
      readonly activity: ProcessActivity;
    }
  /** It is there and speaks another protocol: a program of the user's own that claims its name with solod. */
  | { readonly kind: 'other-wire'; readonly directory: string; readonly owner: Owner | undefined }
  | { readonly kind: 'not-running'; readonly directory: string };

/** `stopped`: by SIGSTOP, or a debugger. `unknown`: its process can't be identified. */
export type ProcessActivity = 'running' | 'stopped' | 'unknown';

/** How soon a daemon that hung up is asked again, in milliseconds. */
const AGAIN_MS = 20;

export class Inspector {
  constructor(
    private readonly parts: Pick<
      Host,
      'clock' | 'files' | 'probe' | 'platform' | 'processes' | 'userId' | 'witness'
    >,
  ) {}

  /**
   * Asks the daemon of a directory for its status.
   * @param withinMs how long it may take to answer, in milliseconds
   */
  inspect(directory: string, withinMs: number): Promise<Inspection> {
    return this.#ask(directory, CONTROL.status, withinMs);
  }

  /** Asks it to end. It answers with its status first. */
  askToStop(directory: string, withinMs: number): Promise<Inspection> {
    return this.#ask(directory, CONTROL.stop, withinMs);
  }

  /** Whether the daemon of a directory is gone: nobody listens there any more. */
  async isGone(directory: string, withinMs: number): Promise<boolean> {
    if (this.#isAsleep(directory)) return true;
    const probe = this.parts.probe();
    const reading = await probe.connect(layout.currentSocket(directory), withinMs);
    probe.drop();
    return this.#isDead(directory, reading);
  }

  /** Where refusal may mean a full backlog, the owner's process is the second witness. */
  #isDead(directory: string, reading: ConnectReading): boolean {
    const { kind } = judgeConnect(reading, this.parts.platform);
    if (kind !== 'closed-or-full') return kind === 'dead' || kind === 'absent';
    const sighted = runSync(sightOwner(layout.currentOwner(directory)), portsOf(this.parts));
    return sighted.kind === 'nobody' || (sighted.kind === 'owner' && sighted.vitality === 'dead');
  }

  async #ask(directory: string, command: string, withinMs: number): Promise<Inspection> {
    const begunMs = performance.now();
    if (withinMs <= 0) return this.#notAnswering(directory, silence(0));
    if (this.#isAsleep(directory)) return { kind: 'not-running', directory };
    const program = this.#program(directory);
    if (program !== undefined) return program;
    const probe = this.parts.probe();
    const reading = await probe.connect(layout.currentSocket(directory), withinMs);
    if (this.#isDead(directory, reading)) return { kind: 'not-running', directory };
    const socket = probe.take();
    if (socket !== undefined && this.#hasEnded(this.#owner(directory))) {
      socket.destroy();
      return this.#notAnswering(directory, ORPHANED);
    }
    if (socket === undefined) {
      const cause = reading.kind === 'errno' ? reading.cause : silence(withinMs);
      return this.#notAnswering(directory, cause);
    }
    const answer = await ask(new CallConnection(socket), command, withinMs);
    socket.destroy();
    if (answer.kind !== 'ended') return this.#judge(directory, answer, withinMs);
    // It died while it was asked. The next look finds nothing, or its successor.
    await delay(AGAIN_MS);
    return this.#ask(directory, command, withinMs - (performance.now() - begunMs));
  }

  #judge(directory: string, answer: Answer, withinMs: number): Inspection {
    if (answer.kind === 'silent') return this.#notAnswering(directory, silence(withinMs));
    const parsed = statusSchema.safeParse(answer.kind === 'said' ? parseJson(answer.text) : undefined);
    if (!parsed.success) return { kind: 'other-wire', directory, owner: this.#owner(directory) };
    return { kind: 'answered', directory, status: parsed.data };
  }

  #notAnswering(directory: string, cause: Cause): Inspection {
    const owner = this.#owner(directory);
    const forbidden = forbiddenConnection(this.parts, directory, { kind: 'failed', cause });
    return { kind: 'not-answering', directory, owner, cause, forbidden, activity: this.#activity(owner) };
  }

  #activity(owner: Owner | undefined): ProcessActivity {
    if (owner === undefined) return 'unknown';
    const { processes } = this.parts;
    const seen = processes.lookUp(owner.pid);
    if (seen.kind !== 'present' || vitalityOf(owner, processes.self(), seen) !== 'alive') return 'unknown';
    return seen.activity === 'stopped' ? 'stopped' : 'running';
  }

  /** Of a program alone: what another daemon says itself counts more. */
  #hasEnded(owner: Owner | undefined): boolean {
    const { processes } = this.parts;
    return (
      owner?.program === true && vitalityOf(owner, processes.self(), processes.lookUp(owner.pid)) === 'dead'
    );
  }

  #owner(directory: string): Owner | undefined {
    const reading = this.parts.files.readText(layout.currentOwner(directory));
    return reading.kind === 'text' ? parseOwner(reading.text) : undefined;
  }

  /**
   * A program that knows nothing of solod is not connected to, if its process tells enough.
   * @returns undefined if it is not such a program, or can't be seen from here
   */
  #program(directory: string): Inspection | undefined {
    const owner = this.#owner(directory);
    if (owner?.program !== true) return undefined;
    const { processes } = this.parts;
    const seen = processes.lookUp(owner.pid);
    switch (vitalityOf(owner, processes.self(), seen)) {
      case 'alive':
        return this.#activity(owner) === 'stopped'
          ? this.#notAnswering(directory, { code: 'ESTOPPED', message: 'its process is stopped' })
          : { kind: 'other-wire', directory, owner };
      case 'dead':
      case 'unknown':
        return undefined;
    }
  }

  /** The daemon has ended and its service manager still listens: connecting to it would start the daemon. */
  #isAsleep(directory: string): boolean {
    if (this.#owner(directory)?.activated !== true) return false;
    const sighted = runSync(sightOwner(layout.currentOwner(directory)), portsOf(this.parts));
    return sighted.kind === 'owner' && sighted.vitality === 'dead';
  }
}

const silence = (withinMs: number): Cause => ({
  code: 'ETIMEDOUT',
  message: `no answer within ${durationText(withinMs)}`,
});

type Answer =
  | { readonly kind: 'said'; readonly text: string }
  /** In another protocol. */
  | { readonly kind: 'foreign' }
  | { readonly kind: 'silent' }
  /** It closed the connection before its answer was complete. */
  | { readonly kind: 'ended' };

async function ask(connection: CallConnection, command: string, withinMs: number): Promise<Answer> {
  const greeting = await connection.greet({ command, args: [], env: {}, cwd: '/' }, withinMs);
  switch (greeting.kind) {
    case 'silent':
    case 'ended':
      return { kind: greeting.kind };
    case 'draining':
    case 'declined':
    case 'outdated':
      return { kind: 'foreign' };
    case 'accepted':
      return listen(connection, withinMs);
  }
}

async function listen(connection: CallConnection, withinMs: number): Promise<Answer> {
  const { ended, text } = await collectAnswer(connection, withinMs);
  switch (ended.kind) {
    case 'exited':
      return { kind: 'said', text };
    case 'lost':
      return { kind: 'ended' };
    case 'cancelled':
      return { kind: 'silent' };
  }
}
