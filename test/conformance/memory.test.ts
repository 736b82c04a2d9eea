/** The procedures run the scenarios in a simulated host. */

import { describe, expect, it } from 'vitest';
import { MemoryMachine } from '../../src/adapters/memory/memory-machine.js';
import type { MemoryProcess } from '../../src/adapters/memory/memory-process.js';
import { exitCodeOf } from '../../src/app/environment/exit-codes.js';
import { failureMessage } from '../../src/app/texts/failure-text.js';
import { kickLine } from '../../src/app/texts/stderr.js';
import type { Identity } from '../../src/domain/evidence/identity.js';
import { ownerText } from '../../src/domain/evidence/owner.js';
import type { Failure } from '../../src/domain/failure.js';
import { childText, handedLock } from '../../src/domain/lock/held-lock.js';
import { recordText } from '../../src/domain/lock/spawn-lock.js';
import { CALL_TOTAL_MS, timingFrom } from '../../src/domain/lock/timing.js';
import { kick } from '../../src/domain/obtain/kick.js';
import { obtain } from '../../src/domain/obtain/obtain.js';
import { NAMES } from '../../src/domain/place/layout.js';
import { run, runSync } from '../../src/domain/procedure/run.js';
import type { GreetReading } from '../../src/ports/socket-probe.js';
import { becomesDaemon } from '../support/daemons.js';
import { HOME, identityOf, inHome, kickPlan, obtainPlan, ownerOf, PLACE, ROOT } from '../support/plans.js';
import {
  type Daemon,
  type DirectoryBefore,
  type SaidWord,
  type Scenario,
  scenariosFor,
  stderrPattern,
  timeoutOf,
  type Who,
} from './scenario.js';

/** The result, as a process would show it. */
interface Shown {
  readonly outcome: string;
  readonly exit: number;
  readonly stderr: string;
}

class World {
  readonly machine = new MemoryMachine();
  readonly client = this.machine.start();
  #place = PLACE;

  constructor(private readonly scenario: Scenario) {}

  async setUp(): Promise<void> {
    const { before } = this.scenario;
    this.#makeDirectories();
    await this.#makeDaemon(before.daemon ?? 'nothing');
    this.#makeLock();
    const { fault } = before;
    if (fault !== undefined)
      this.machine.faults.plant({ ...fault, matching: new RegExp(fault.matching), pid: this.client.pid });
    if (before.start === 'refused')
      this.machine.faults.plant({ method: 'spawn', code: 'ENOENT', pid: this.client.pid });
    this.machine.onSpawn = (child, { lockNonce }) => this.#spawned(child, lockNonce);
  }

  get place(): typeof PLACE {
    return this.#place;
  }

  #makeDirectories(): void {
    const { files, disk } = this.machine;
    const { root, directory } = this.scenario.before;
    if (root === 'parents-missing' || root === 'below-a-file') {
      const below = root === 'below-a-file' ? '/file' : '/a/b';
      if (root === 'below-a-file') files.createFile('/file', '');
      this.#place = { root: `${below}/state`, directory: `${below}/state/name` };
      return;
    }
    this.#makeOne(ROOT, root);
    if (typeof root === 'string') return;
    this.#makeOne(HOME, directory);
    for (const [path, made] of [
      [ROOT, root],
      [HOME, directory],
    ] as const)
      if (typeof made === 'object') disk.get(path, 'keep', 'test').mode = made.mode;
  }

  #makeOne(path: string, how: DirectoryBefore | object | undefined): void {
    const { files, disk } = this.machine;
    switch (how) {
      case 'missing':
        return;
      case 'link':
        files.makeDirectory('/elsewhere');
        files.makeLink('/elsewhere', path);
        return;
      case 'file':
        files.createFile(path, '');
        return;
      default:
        files.makeDirectory(path);
        if (how === 'foreign') disk.get(path, 'keep', 'test').userId = 7;
    }
  }

  #who(who: Who): Identity {
    const process = this.machine.start();
    const identity = identityOf(process);
    if (who === 'gone') process.kill();
    if (who === 'zombie') process.kill('zombie');
    return { ...identity, ...CHANGED[who] };
  }

  async #makeDaemon(daemon: Daemon): Promise<void> {
    const { files, faults } = this.machine;
    if (daemon === 'nothing') return;
    if (daemon === 'dangling' || daemon === 'current-loops') {
      files.makeLink(daemon === 'dangling' ? '9' : NAMES.current, inHome(NAMES.current));
      return;
    }
    if (daemon === 'current-is-file') {
      files.createFile(inHome(NAMES.current), '');
      return;
    }
    if (typeof daemon === 'object' && 'errno' in daemon) {
      // These codes mean that nobody listens. The client connects twice, the second time with the lock held.
      // Then it starts a daemon, and its next connection must reach it.
      const isGone = ['ECONNREFUSED', 'EPROTOTYPE', 'ELOOP', 'ENOTDIR', 'ENOENT'].includes(daemon.errno);
      const times = isGone ? 2 : Number.POSITIVE_INFINITY;
      faults.plant({ method: 'connect', code: daemon.errno, pid: this.client.pid, times });
      return;
    }
    files.makeDirectory(inHome('1'));
    files.makeLink('1', inHome(NAMES.current));
    this.#makeOwner();
    const socket = inHome(`1/${NAMES.socket}`);
    if (daemon === 'socket-is-file') files.createFile(socket, '');
    if (daemon === 'socket-is-directory') files.makeDirectory(socket);
    if (daemon === 'dead') await this.#listens(socket, ['gone']);
    if (daemon === 'full') await this.#isFull(socket);
    if (typeof daemon === 'object') await this.#listens(socket, daemon.says);
  }

  #makeOwner(): void {
    const { owner = 'gone' } = this.scenario.before;
    if (owner === 'none') return;
    const text =
      typeof owner === 'object'
        ? owner.text
        : ownerText({ ...ownerOf(this.machine.start()), ...this.#who(owner) });
    this.machine.files.createFile(inHome(`1/${NAMES.owner}`), text);
  }

  async #listens(socket: string, words: readonly SaidWord[]): Promise<void> {
    const daemon = this.machine.start();
    await daemon.ports.listener.listen(socket);
    const left = [...words];
    if (left[0] === 'gone') daemon.kill();
    daemon.nextWord = () => {
      const word = left.length > 1 ? left.shift() : left[0];
      // After the daemon has sent its word.
      if (left[0] === 'gone') void Promise.resolve().then(() => daemon.kill());
      return word === undefined ? undefined : greetingOf(word);
    };
  }

  async #isFull(socket: string): Promise<void> {
    const daemon = this.machine.start({ backlog: 0 });
    await daemon.ports.listener.listen(socket);
    daemon.stop();
    await this.machine.start().ports.probe.connect(socket, 10);
  }

  #makeLock(): void {
    const { files, disk } = this.machine;
    const { lock = 'none' } = this.scenario.before;
    const path = inHome(NAMES.lock);
    if (lock === 'none') return;
    if (lock === 'dangling-link') {
      files.makeLink('nowhere', path);
      return;
    }
    if (lock === 'empty') {
      files.makeDirectory(path);
      return;
    }
    if ('holder' in lock) {
      files.makeDirectory(path);
      const plan = {
        nonce: '7-held',
        holder: this.#who(lock.holder),
        readyMs: lock.readyMs,
      };
      files.createFile(`${path}/7-held`, recordText(plan, this.#wallMs - lock.ageMs));
      if (lock.child !== undefined) files.appendText(`${path}/7-held`, childText(this.#who(lock.child)));
      return;
    }
    if ('file' in lock) files.createFile(path, '');
    else {
      files.makeDirectory(path);
      for (const [name, text] of Object.entries(lock.foreign)) files.createFile(`${path}/${name}`, text);
    }
    const ageMs = 'file' in lock ? lock.file.ageMs : lock.ageMs;
    disk.get(path, 'keep', 'test').modifiedMs = this.#wallMs - ageMs;
  }

  get #wallMs(): number {
    return this.machine.clock.now().wallMs;
  }

  #spawned(child: MemoryProcess, lockNonce: string | undefined): void {
    const lock = handedLock(this.place.directory, lockNonce);
    switch (this.scenario.before.start) {
      case 'dies':
        child.print('something');
        child.exit(3);
        return;
      case 'does-not-load':
        void becomesDaemon(child, { lock, place: this.place }).then(() =>
          child.serve({ kind: 'declined', message: 'it does not load: on purpose', exitCode: 70 }),
        );
        return;
      default:
        void becomesDaemon(child, { lock, place: this.place });
    }
  }

  async call(): Promise<Shown> {
    const totalMs = timeoutOf(this.scenario) ?? CALL_TOTAL_MS;
    const plan = obtainPlan(this.client, { place: this.place, timing: timingFrom({ totalMs }) });
    const { clock } = this.machine;
    const outcome = await clock.finish(this.client.run((ports) => run(obtain(plan), ports)));
    return outcome.kind === 'failed'
      ? shown(outcome.failure)
      : { outcome: outcome.kind, exit: 0, stderr: '' };
  }

  async kick(): Promise<Shown> {
    const timing = timingFrom({ totalMs: CALL_TOTAL_MS });
    const plan = kickPlan(this.client, { place: this.place, timing });
    const outcome = runSync(kick(plan), this.client.ports);
    // Meanwhile the child comes up.
    await this.machine.clock.advance(100);
    const line = kickLine(outcome);
    const stderr = line === undefined ? '' : `solod: ${line}\n`;
    if (outcome.kind === 'failed') return { ...shown(outcome.failure), stderr };
    return { outcome: outcome.kind, exit: 0, stderr };
  }
}

const shown = (failure: Failure): Shown => ({
  outcome: failure.kind,
  exit: exitCodeOf(failure),
  stderr: `solod: ${failureMessage(failure)}\n`,
});

const CHANGED: Readonly<Record<Who, Partial<Identity>>> = {
  alive: {},
  gone: {},
  zombie: {},
  another: { startTime: 'another' },
  'other-boot': { bootId: 'another' },
  'other-namespace': { pidNamespace: 'another' },
  'no-start-time': { startTime: '' },
};

function greetingOf(word: SaidWord): GreetReading | undefined {
  if (typeof word === 'object') return { kind: 'declined', message: word.message, exitCode: word.declined };
  switch (word) {
    case 'accepted':
      return { kind: 'accepted' };
    case 'draining':
      return { kind: 'draining' };
    case 'upgrading':
      return { kind: 'draining', why: 'upgrade' };
    case 'outdated':
      return { kind: 'outdated', message: 'the daemon of name is newer' };
    case 'hangs-up':
      return { kind: 'ended' };
    case 'queued':
      return { kind: 'ended', progress: 'queued' };
    case 'silent':
      return { kind: 'silent' };
    case 'gone':
    case 'foreign':
      return undefined;
  }
}

describe('in memory', () => {
  it.each(scenariosFor('memory'))('$name', async (scenario) => {
    const world = new World(scenario);
    await world.setUp();
    const { outcome, exit, stderr } = scenario.command === 'call' ? await world.call() : await world.kick();
    const { after } = scenario;
    const { root, directory } = world.place;
    const spawns = world.machine.spawns.filter(({ reading }) => reading.kind === 'spawned');
    expect({ outcome, exit, spawns: spawns.map(({ reason }) => reason) }).toEqual({
      outcome: after.outcome,
      exit: after.exit,
      spawns: after.spawns,
    });
    expect(stderr).toMatch(stderrPattern(after.stderr, root, directory));
    const { files } = world.machine;
    if (after.lock !== 'not-looked-at')
      expect(files.inspect(`${directory}/${NAMES.lock}`).kind).toBe(
        after.lock === 'none' ? 'absent' : 'entry',
      );
    const listed = files.list(directory);
    if (after.entries !== undefined)
      expect(listed).toEqual({ kind: 'names', names: expect.arrayContaining([...after.entries]) });
    if (after.entries !== undefined && listed.kind === 'names')
      expect([...listed.names].sort()).toEqual(after.entries);
  });
});
