import { nonceOf, type Platform } from '../../domain/place/layout.js';
import type { Ports } from '../../domain/procedure/procedure.js';
import type { Clock } from '../../ports/clock.js';
import type { Environment } from '../../ports/environment.js';
import type { FileSystem } from '../../ports/file-system.js';
import type {
  Identity,
  ProcessReading,
  ProcessTable,
  SignalReading,
  TerminationSignal,
} from '../../ports/process-table.js';
import type { GreetReading } from '../../ports/socket-probe.js';
import type { SpawnReason } from '../../ports/spawn-reason.js';
import type { ChildReading, Spawner, SpawnReading } from '../../ports/spawner.js';
import type { Word } from '../../ports/start-word.js';
import { Ledger } from '../ledger.js';
import type { Processes } from '../own-processes.js';
import { readOwners } from '../owners.js';
import type { SpawnTarget } from '../spawn-target.js';
import { type Actor, MemoryFileSystem } from './files/file-system.js';
import { ledgerLines } from './files/ledger-lines.js';
import { MemoryWitness } from './files/witness.js';
import { HeldCalls, intercept, type PortCall } from './held-calls.js';
import { MemoryListener, MemoryProbe, type NetworkSeat, type StreamGreeter } from './memory-sockets.js';
import { MemorySpawner } from './memory-spawner.js';
import type { Handle, Server } from './network.js';

export type { PortCall } from './held-calls.js';

/** What a process needs of the machine that it runs on. */
export interface Surroundings extends NetworkSeat {
  readonly platform: Platform;
  /** Access to the disk that belongs to no process. */
  readonly files: FileSystem;
  process(pid: number): MemoryProcess | undefined;
  lookUp(pid: number, observer?: Actor): ProcessReading;
  signal(pid: number, name: TerminationSignal, sender: Actor): SignalReading;
  spawn(
    parent: MemoryProcess,
    reason: SpawnReason,
    lockNonce: string | undefined,
    target?: SpawnTarget,
  ): SpawnReading;
}

export interface Birth {
  readonly pid: number;
  readonly userId: number;
  readonly startTime: string;
  /** Backlog of its listener. */
  readonly backlog: number;
  readonly env: Environment;
  /** The program that it runs, and its arguments; empty for a process that the test drives itself. */
  readonly command: readonly string[];
  readonly parent: MemoryProcess | undefined;
}

/** What is left of a process that ended: nothing, or a zombie that its parent has not reaped. */
type Remains = 'nothing' | 'zombie';

type Activity = 'running' | 'stopped' | 'zombie' | 'gone';

/**
 * A process as it tells others of itself: all processes of a machine have one boot, and one pid namespace.
 */
export const identityOf = ({ pid, startTime }: Pick<Birth, 'pid' | 'startTime'>): Identity => ({
  pid,
  startTime,
  bootId: 'boot',
  pidNamespace: 'namespace',
});

/** Thrown out of a call that a dead process makes: nothing after it happens. */
class ProcessEnded extends Error {}

const LAST_OUTPUT_MAX = 4_096;

interface End {
  readonly code: number | undefined;
  readonly signal: string | undefined;
}

/**
 * One simulated process. Nothing it does has any effect once it is dead, and nothing that takes time comes
 * back while it is stopped. A call that returns at once is over before anybody could stop it, unless its
 * calls are held.
 */
export class MemoryProcess implements Server {
  readonly machine: Surroundings;
  readonly pid: number;
  readonly userId: number;
  readonly startTime: string;
  /** Empty for a process that the test drives itself. */
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Record<string, string | undefined>;
  readonly processes: Processes;
  readonly listener: MemoryListener;
  readonly ports: Ports;
  /** Holds its port calls, and lets them go one by one. */
  readonly calls: HeldCalls;
  /**
   * Sees each port call before it is made, but for the time and who the process is; it may kill the process
   * there.
   */
  onCall: (call: PortCall) => void = () => {};
  /** What SIGTERM does. */
  onTerm: () => void = () => this.#cease({ code: undefined, signal: 'SIGTERM' }, 'nothing');
  /** Told when the process says something of its start, or ends. */
  onNews: () => void = () => {};
  /** How many callers have been told `accepted`. */
  served = 0;

  readonly #parent: MemoryProcess | undefined;
  readonly #probe: MemoryProbe;
  readonly #children = new Map<number, MemoryProcess>();
  /** What is closed when the process ends. */
  readonly #open = new Set<{ drop(): void }>();
  #activity: Activity = 'running';
  #end: End | undefined;
  #output = '';
  #said: readonly Word[] = [];
  #greetings: readonly GreetReading[] = [];
  #asleep: (() => void)[] = [];
  #nonces = 0;

  constructor(surroundings: Surroundings, birth: Birth) {
    this.pid = birth.pid;
    this.userId = birth.userId;
    this.startTime = birth.startTime;
    const [program = '', ...args] = birth.command;
    this.program = program;
    this.args = args;
    this.env = { ...birth.env };
    this.#parent = birth.parent;
    this.machine = surroundings;
    this.calls = new HeldCalls(surroundings.clock);
    this.#probe = new MemoryProbe(surroundings, this);
    this.#open.add(this.#probe);
    this.listener = new MemoryListener(surroundings, this, birth.backlog);
    this.processes = this.#makeProcesses();
    this.ports = this.#makePorts();
  }

  get activity(): Activity {
    return this.#activity;
  }

  get awake(): boolean {
    return this.#activity === 'running';
  }

  /** What it has said of its start. */
  get words(): readonly Word[] {
    return this.#said;
  }

  // --- what the process does ---

  /**
   * What this process says to its callers, one word to each, the last one to all that follow. A caller that
   * waits hears it now.
   */
  serve(...words: readonly [GreetReading, ...GreetReading[]]): void {
    this.#greetings = words;
    this.listener.pump();
  }

  nextWord(): GreetReading | undefined {
    const [word, ...later] = this.#greetings;
    if (later.length > 0) this.#greetings = later;
    if (word?.kind === 'accepted') this.served += 1;
    return word;
  }

  /** Tells its starter what it has come to. */
  say(word: Word): void {
    this.#said = [...this.#said, word];
    this.onNews();
  }

  /** Writes what its starter can read after its end. */
  print(text: string): void {
    this.#output = (this.#output + text).slice(-LAST_OUTPUT_MAX);
  }

  exit(code: number, remains: Remains = 'nothing'): void {
    this.#cease({ code, signal: undefined }, remains);
  }

  /** A new one at every call, and the same ones in every run of a test. */
  nonce(): string {
    this.#nonces += 1;
    return nonceOf(this.pid, this.#nonces.toString(36).padStart(8, '0'));
  }

  /** A probe of its own. Its connections are closed when the process ends. */
  probe(greeter?: StreamGreeter) {
    const probe = new MemoryProbe(this.machine, this, greeter);
    this.#open.add(probe);
    const { connect, greet } = this.#guarded('probe', probe);
    const take = () => {
      const stream = probe.take();
      if (stream !== undefined) this.#open.add({ drop: () => stream.destroy() });
      return stream;
    };
    return { connect, greet, take, drop: () => probe.drop() };
  }

  /** The listener of this process, as its daemon uses it. */
  serving() {
    const { listen, close } = this.ports.listener;
    const serve = (handle: Handle): void =>
      this.listener.serve((stream) => void this.execute(() => handle(stream)));
    return { listen, close, serve };
  }

  /** A spawner for a program that is installed on the machine. */
  spawner(target: SpawnTarget): MemorySpawner {
    const own = this.#guarded('spawner', this.#makeSpawner(target));
    const clock = (waking: Clock): Clock => this.#guarded('clock', waking);
    return new MemorySpawner(target, own, { process: this, clock: this.machine.clock, guarded: clock });
  }

  /** @param directory directory of a name */
  ledger(directory: string): Ledger {
    const lines = ledgerLines(this.machine.disk, directory, this.userId);
    return new Ledger(lines, this.processes, () =>
      readOwners(new MemoryFileSystem(this.machine.disk, this, this.machine.faults), directory),
    );
  }

  // --- what is done to the process ---

  /** SIGSTOP. */
  stop(): void {
    if (this.#activity === 'running') this.#activity = 'stopped';
  }

  /** SIGCONT. */
  resume(): void {
    if (this.#activity !== 'stopped') return;
    this.#activity = 'running';
    for (const wake of this.#asleep.splice(0)) wake();
    this.listener.pump();
  }

  /** SIGKILL. */
  kill(remains: Remains = 'nothing'): void {
    this.#cease({ code: undefined, signal: 'SIGKILL' }, remains);
  }

  /**
   * SIGTERM. A stopped process does not hear it, and a process that does not want to end says so by `onTerm`.
   */
  terminate(): void {
    if (this.#activity === 'running') this.onTerm();
  }

  /** Its parent reaps the zombie. */
  reap(): void {
    if (this.#activity === 'zombie') this.#activity = 'gone';
  }

  /**
   * Runs a program in this process, from the next turn on: first its starter continues.
   * @returns what the program returned; never settles once the process is dead
   */
  async run<T>(program: (ports: Ports) => Promise<T>): Promise<T> {
    await undefined;
    try {
      return await program(this.ports);
    } catch (error) {
      if (error instanceof ProcessEnded) return never();
      throw error;
    }
  }

  /**
   * The same for a program without a caller: an error ends the process with exit code 1, and its starter can
   * read it.
   */
  async execute(program: () => unknown): Promise<void> {
    try {
      await this.run(async () => program());
    } catch (error) {
      this.print(error instanceof Error ? (error.stack ?? error.message) : String(error));
      this.exit(1);
    }
  }

  // --- what others see of the process ---

  /** What a process table shows. */
  look(): ProcessReading {
    if (this.#activity === 'gone') return { kind: 'gone' };
    return { kind: 'present', startTime: this.startTime, activity: this.#activity };
  }

  /** What its starter sees. */
  lookAsChild(): ChildReading {
    if (this.#end === undefined) return { kind: 'running' };
    const word = this.#said.at(-1);
    return { kind: 'ended', ...this.#end, ...(word && { word }), lastOutput: this.#output };
  }

  adopt(child: MemoryProcess): void {
    this.#children.set(child.pid, child);
  }

  child(pid: number): MemoryProcess {
    const child = this.#children.get(pid);
    if (child === undefined) throw new Error(`process ${pid} was not started by ${this.pid}`);
    return child;
  }

  #cease(end: End, remains: Remains): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#activity = remains === 'zombie' ? 'zombie' : 'gone';
    this.calls.forget();
    this.machine.clock.forget(this);
    for (const open of this.#open) open.drop();
    this.listener.abandon();
    this.onNews();
  }

  #makeProcesses(): Processes {
    const table: ProcessTable = {
      self: () => identityOf(this),
      lookUp: (other) => this.machine.lookUp(other, this),
      signal: (other, name) => this.machine.signal(other, name, this),
    };
    return {
      ...this.#guarded('processes', table),
      ancestors: () =>
        this.#parent === undefined ? [] : [this.#parent.pid, ...this.#parent.processes.ancestors()],
    };
  }

  #makePorts(): Ports {
    const { clock, disk, faults } = this.machine;
    const own: Clock = { now: () => clock.now(), sleep: (ms) => clock.sleep(ms, this) };
    return {
      clock: this.#guarded('clock', own),
      files: this.#guarded('files', new MemoryFileSystem(disk, this, faults)),
      probe: this.#guarded('probe', this.#probe),
      listener: this.#guarded('listener', this.listener),
      processes: this.processes,
      spawner: this.#guarded('spawner', this.#makeSpawner()),
      witness: this.#guarded('witness', new MemoryWitness(disk, this)),
    };
  }

  #makeSpawner(target?: SpawnTarget): Spawner {
    return {
      spawn: (reason, lockNonce) => this.machine.spawn(this, reason, lockNonce, target),
      check: (pid) => this.child(pid).lookAsChild(),
    };
  }

  #guarded<T extends object>(port: keyof Ports, target: T): T {
    return intercept(target, (method, args, make) => this.#through({ port, method, args }, make));
  }

  #through<R>(call: PortCall, make: () => R): R {
    this.#refuseDead(call);
    if (call.method !== 'now' && call.method !== 'self') this.onCall(call);
    this.#refuseDead(call);
    const reading = make();
    return reading instanceof Promise ? (this.#whenAwake(reading) as R) : reading;
  }

  #refuseDead({ port, method }: PortCall): void {
    if (this.#end !== undefined) throw new ProcessEnded(`${port}.${method} of ${this.pid}, which is dead`);
  }

  async #whenAwake<T>(coming: Promise<T>): Promise<T> {
    const reading = await coming;
    while (this.#activity === 'stopped') await new Promise<void>((wake) => this.#asleep.push(wake));
    return this.awake ? reading : never();
  }
}

const never = (): Promise<never> => new Promise(() => {});
