/** A scenario on a real directory, with real processes. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { launchText } from '../../src/adapters/node/files/launch-file.js';
import { NodeProcessTable } from '../../src/adapters/node/processes/process-table.js';
import { resolveService } from '../../src/app/service/service-file.js';
import { CHUNK, chunk, frame } from '../../src/app/wire/chunks.js';
import { editionKey } from '../../src/domain/evidence/edition.js';
import type { Identity } from '../../src/domain/evidence/identity.js';
import { ownerText } from '../../src/domain/evidence/owner.js';
import { entryText } from '../../src/domain/lifecycle/start-ledger.js';
import { childText } from '../../src/domain/lock/held-lock.js';
import { recordText } from '../../src/domain/lock/spawn-lock.js';
import { daemonEnvironment, environmentText } from '../../src/domain/place/daemon-environment.js';
import { NAMES, shortHash } from '../../src/domain/place/layout.js';
import { type Ended, eventually, ROOT, type Sandbox } from '../process/support/sandbox.js';
import type { Daemon, DirectoryBefore, SaidWord, Scenario, Who } from './scenario.js';

const SERVES = 'export default () => 0;';
const SERVICES = {
  dies: 'process.exit(3);',
  'does-not-load': "throw new Error('on purpose');",
  refused: SERVES,
};
const NAME = 'name';

const processes = new NodeProcessTable();

export class Stage {
  readonly root: string;
  readonly directory: string;
  readonly #service: string;
  readonly #ends: (() => void)[] = [];

  constructor(
    private readonly box: Sandbox,
    private readonly scenario: Scenario,
  ) {
    const { root, start } = scenario.before;
    const places: Readonly<Record<string, string>> = {
      'parents-missing': 'a/b/c',
      'below-a-file': 'file/state',
    };
    this.root = path.join(box.path, (typeof root === 'string' ? places[root] : undefined) ?? 'state');
    this.directory = path.join(this.root, NAME);
    this.#service = box.service(start === undefined ? SERVES : SERVICES[start]);
  }

  async setUp(): Promise<void> {
    const { root, directory, daemon = 'nothing' } = this.scenario.before;
    if (root === 'below-a-file') writeFileSync(path.join(this.box.path, 'file'), '');
    rmdirSync(this.box.state);
    this.#makeOne(this.root, root);
    if (typeof root !== 'string') {
      this.#makeOne(this.directory, directory);
      await this.#makeDaemon(daemon);
      await this.#makeLock();
      this.#makeLaunchFile();
      this.#makeLedger();
    }
    // The mode comes last, because it may forbid the steps above.
    for (const [made, how] of [
      [this.root, root],
      [this.directory, directory],
    ] as const)
      if (typeof how === 'object') chmodSync(made, how.mode);
  }

  /** Ends the processes of this scenario. */
  tearDown(): void {
    for (const end of this.#ends.splice(0)) end();
  }

  /** Runs a client to its end. `client` is a command line without the command. */
  run(client: readonly [string, ...string[]]): Promise<Ended> {
    const { command, options = [], before } = this.scenario;
    const node = before.start === 'refused' ? ['--node', path.join(this.box.path, 'no-node')] : [];
    const argv = [...client, command, '--daemon', '--name', NAME, ...node, ...options, this.#service];
    const env = { SOLOD_DIR: this.root };
    if (before.fault === undefined) return this.box.exec(argv[0] ?? '', argv.slice(1), { env });
    // With the signal ignored, the limit is an error: EFBIG (setrlimit(2)).
    return this.box.exec('sh', ['-c', 'trap "" XFSZ; ulimit -f 0; exec "$@"', 'sh', ...argv], { env });
  }

  #makeOne(at: string, how: DirectoryBefore | object | undefined): void {
    switch (how) {
      case 'missing':
      case 'parents-missing':
      case 'below-a-file':
        return;
      case 'link':
        mkdirSync(path.join(this.box.path, 'elsewhere'));
        symlinkSync(path.join(this.box.path, 'elsewhere'), at);
        return;
      case 'file':
        writeFileSync(at, '');
        return;
      default:
        mkdirSync(at, { mode: 0o700 });
    }
  }

  // --- processes -------------------------------------------------------------------------------------------

  async #who(who: Who): Promise<Identity> {
    const self = processes.self();
    switch (who) {
      case 'alive':
        return self;
      case 'gone':
        return { ...self, pid: spawnSync('true').pid, startTime: '1' };
      case 'another':
        return { ...self, startTime: '1' };
      case 'other-boot':
        return { ...self, bootId: 'another' };
      case 'other-namespace':
        return { ...self, pidNamespace: 'another' };
      case 'no-start-time':
        return { ...self, startTime: '' };
      case 'zombie':
        return { ...self, ...(await this.#zombie()) };
    }
  }

  /** The child of a process that never waits for it: the parent has become another program by then. */
  async #zombie(): Promise<Pick<Identity, 'pid' | 'startTime'>> {
    const parent = this.#startHelper('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 60']);
    const [said] = (await once(parent.stdout as NodeJS.EventEmitter, 'data')) as [Buffer];
    const pid = Number(said.toString());
    let startTime = '';
    await eventually('a zombie', () => {
      const seen = processes.lookUp(pid);
      if (seen.kind === 'present') startTime = seen.startTime;
      return seen.kind === 'present' && seen.activity === 'zombie';
    });
    return { pid, startTime };
  }

  #startHelper(program: string, args: readonly string[]): ChildProcess {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#ends.push(() => child.kill('SIGKILL'));
    return child;
  }

  // --- the daemon ------------------------------------------------------------------------------------------

  async #makeDaemon(daemon: Daemon): Promise<void> {
    const current = path.join(this.directory, NAMES.current);
    const generation = path.join(this.directory, '1');
    const socket = path.join(generation, NAMES.socket);
    switch (daemon) {
      case 'nothing':
        return;
      case 'dangling':
        return symlinkSync('9', current);
      case 'current-loops':
        return symlinkSync(NAMES.current, current);
      case 'current-is-file':
        return writeFileSync(current, '');
    }
    mkdirSync(generation, { mode: 0o700 });
    symlinkSync('1', current);
    await this.#makeOwner(generation);
    if (daemon === 'socket-is-file') writeFileSync(socket, '');
    if (daemon === 'socket-is-directory') mkdirSync(socket);
    if (daemon === 'dead') await this.#leaveDeadSocket(socket);
    if (daemon === 'full') await this.#fill(socket);
    if (typeof daemon === 'object' && 'says' in daemon) await this.#listen(socket, daemon.says);
  }

  async #makeOwner(generation: string): Promise<void> {
    const { owner = 'gone' } = this.scenario.before;
    if (owner === 'none') return;
    const text =
      typeof owner === 'object'
        ? owner.text
        : ownerText({
            ...(await this.#who(owner)),
            name: NAME,
            service: this.#service,
            startedMs: 1,
            solod: '0.0.0',
            version: '',
            wire: 1,
          });
    writeFileSync(path.join(generation, NAMES.owner), text);
  }

  /** A bound socket whose process has ended. */
  async #leaveDeadSocket(socket: string): Promise<void> {
    const script = `require('node:net').createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, 'SIGKILL'))`;
    await once(spawn(process.execPath, ['-e', script], { stdio: 'ignore' }), 'exit');
  }

  /** A listener that accepts nothing, with a full backlog of connections. */
  async #fill(socket: string): Promise<void> {
    const script = `require('node:net').createServer().listen({ path: ${JSON.stringify(socket)}, backlog: 1 }, () => { console.log('listens'); setTimeout(() => process.kill(process.pid, 'SIGSTOP'), 10); })`;
    const listener = this.#startHelper(process.execPath, ['-e', script]);
    await once(listener.stdout as NodeJS.EventEmitter, 'data');
    await eventually('it is stopped', () => {
      const seen = processes.lookUp(listener.pid ?? 0);
      return seen.kind === 'present' && seen.activity === 'stopped';
    });
    await eventually('its backlog is full', async () => !(await this.#holdsConnection(socket)));
  }

  #holdsConnection(socket: string): Promise<boolean> {
    return new Promise((resolve) => {
      const connection = net.connect(socket);
      this.#ends.push(() => connection.destroy());
      connection.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
  }

  async #listen(socket: string, words: readonly SaidWord[]): Promise<void> {
    const left = [...words];
    const server = net.createServer((connection) => {
      this.#ends.push(() => connection.destroy());
      connection.on('error', () => {});
      connection.once('data', () => {
        const word = left.length > 1 ? left.shift() : left[0];
        if (word === 'silent' || word === undefined) return;
        connection.end(wordBytes(word), () => {
          if (left[0] === 'gone') server.close();
        });
      });
    });
    this.#ends.push(() => server.close());
    // On close, Node unlinks the name that it has bound. A dead daemon leaves its name behind.
    await new Promise<void>((resolve) => server.listen(`${socket}.bound`, resolve));
    renameSync(`${socket}.bound`, socket);
  }

  // --- the lock, and other files ------------------------------------------------------------------

  async #makeLock(): Promise<void> {
    const { lock = 'none' } = this.scenario.before;
    const at = path.join(this.directory, NAMES.lock);
    if (lock === 'none') return;
    if (lock === 'dangling-link') return symlinkSync('nowhere', at);
    if (typeof lock === 'object' && 'file' in lock) {
      writeFileSync(at, '');
      return setAge(at, lock.file.ageMs);
    }
    mkdirSync(at, { mode: 0o700 });
    if (lock === 'empty') return;
    if ('foreign' in lock) {
      for (const [name, text] of Object.entries(lock.foreign)) writeFileSync(path.join(at, name), text);
      return setAge(at, lock.ageMs);
    }
    const nonce = '7-held';
    const plan = {
      directory: this.directory,
      nonce,
      holder: await this.#who(lock.holder),
      readyMs: lock.readyMs,
    };
    const child = lock.child === undefined ? '' : childText(await this.#who(lock.child));
    writeFileSync(path.join(at, nonce), recordText(plan, Date.now() - lock.ageMs) + child);
  }

  #makeLaunchFile(): void {
    const { launch } = this.scenario.before;
    if (launch === 'missing' || !lstatSync(this.directory).isDirectory()) return;
    const node = launch === 'program-gone' ? path.join(this.box.path, 'no-node') : process.execPath;
    const service = launch === 'of-another-service' ? '/another.mjs' : this.#service;
    const text = launchText([
      node,
      path.join(ROOT, 'dist/daemon.cjs'),
      `--name=${NAME}`,
      `--state-dir=${this.root}`,
      '--',
      service,
    ]);
    writeFileSync(path.join(this.directory, NAMES.launch), launch === 'cut-off' ? text.slice(0, -5) : text);
  }

  #makeLedger(): void {
    const { failures } = this.scenario.before;
    if (failures === undefined) return;
    const file = resolveService(this.#service);
    if (file.kind === 'failed') throw new Error('the service is missing');
    const given = environmentText(daemonEnvironment(this.box.env, [], '/'));
    const build =
      failures.build ?? `${editionKey(file.value.edition)}:${process.execPath}:${shortHash(given)}`;
    const atMs = Date.now() - failures.agoMs;
    const entries = Array.from({ length: failures.times }, (_, n) => {
      const identity = { ...processes.self(), pid: 4_000_000 + n };
      const asked = { by: 1, asker: 'test', reason: 'cold' } as const;
      return (
        entryText({ atMs, kind: 'started', ...asked, ...identity, build }) +
        entryText({ atMs, pid: identity.pid, kind: 'failed', stage: 'loading', message: 'on purpose' })
      );
    });
    writeFileSync(path.join(this.directory, NAMES.spawns), entries.join(''));
  }

  // --- the state afterwards ----------------------------------------------------------------------------

  /** The reasons of the starts since then. */
  spawns(): string[] {
    const before = (this.scenario.before.failures?.times ?? 0) as number;
    try {
      return this.box.spawns(this.directory).slice(before);
    } catch {
      return [];
    }
  }

  hasLock(): boolean {
    return lstatSync(path.join(this.directory, NAMES.lock), { throwIfNoEntry: false }) !== undefined;
  }

  entries(): string[] {
    const own: readonly string[] = [NAMES.log, NAMES.spawns, NAMES.launch];
    return readdirSync(this.directory)
      .filter((name) => !own.includes(name))
      .sort();
  }
}

function setAge(at: string, ageMs: number): void {
  const seconds = (Date.now() - ageMs) / 1_000;
  lutimesSync(at, seconds, seconds);
}

/** A daemon's word, as bytes on the wire. */
function wordBytes(word: SaidWord): Buffer {
  // An empty chunk of stderr says that the request is queued.
  const refusal = (message: string, code: number): Buffer =>
    Buffer.concat([...frame(CHUNK.errorOutput, [Buffer.from(message)]), chunk(CHUNK.exit, String(code))]);
  if (typeof word === 'object') return refusal(word.message, word.declined);
  switch (word) {
    case 'accepted':
      return Buffer.concat([chunk(CHUNK.output), chunk(CHUNK.exit, '0')]);
    case 'draining':
      return refusal('', 75);
    case 'upgrading':
      return refusal('', 79);
    case 'outdated':
      return refusal('the daemon of name is newer', 78);
    case 'foreign':
      return Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n');
    case 'queued':
      return chunk(CHUNK.errorOutput);
    case 'hangs-up':
    case 'silent':
    case 'gone':
      return Buffer.alloc(0);
  }
}
