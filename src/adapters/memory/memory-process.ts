import type { Ports } from '../../domain/procedure/procedure.js';
import type { Clock } from '../../ports/clock.js';
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
import { type Actor, MemoryFileSystem } from './file-system.js';
import { MemoryListener, MemoryProbe, type NetworkSeat } from './memory-sockets.js';
import type { Server } from './network.js';

/** What a process needs of the host that it runs on. */
export interface Host extends NetworkSeat {
  lookUp(pid: number, observer: Actor): ProcessReading;
  signal(pid: number, name: TerminationSignal, sender: Actor): SignalReading;
  spawn(parent: MemoryProcess, reason: SpawnReason, lockNonce: string | undefined): SpawnReading;
}

export interface Birth {
  readonly pid: number;
  readonly userId: number;
  readonly startTime: string;
  /** Of its listener. */
  readonly backlog: number;
}

/** What is left of a process that ended: nothing, or a zombie that its parent has not asked after. */
export type Remains = 'nothing' | 'zombie';

export type Activity = 'running' | 'stopped' | 'zombie' | 'gone';

/** A process as it tells others of itself: all of a machine have one boot, and one pid namespace. */
export const identityOf = ({ pid, startTime }: Pick<Birth, 'pid' | 'startTime'>): Identity => ({
  pid,
  startTime,
  bootId: 'boot',
  pidNamespace: 'namespace',
});

/** A port call, before it is made. */
export interface PortCall {
  readonly port: keyof Ports;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** Thrown out of a call that a dead process makes: nothing after it happens. */
export class ProcessEnded extends Error {}

const LAST_OUTPUT_MAX = 4_096;

interface End {
  readonly code: number | undefined;
  readonly signal: string | undefined;
}

/**
 * One simulated process. Nothing it does has any effect once it is dead, and nothing that takes time comes back while it
 * is stopped. A call that returns at once is over before anybody could stop it.
 */
export class MemoryProcess implements Server {
  readonly pid: number;
  readonly userId: number;
  readonly startTime: string;
  readonly ports: Ports;
  /** Sees every port call before it is made, but for the time and who the process is; it may kill the process there. */
  onCall: (call: PortCall) => void = () => {};
  /** What SIGTERM does. */
  onTerm: () => void = () => this.#cease({ code: undefined, signal: 'SIGTERM' }, 'nothing');
  /** How many callers have been told `accepted`. */
  served = 0;

  readonly #host: Host;
  readonly #probe: MemoryProbe;
  readonly #listener: MemoryListener;
  readonly #children = new Map<number, MemoryProcess>();
  #activity: Activity = 'running';
  #end: End | undefined;
  #output = '';
  #words: readonly GreetReading[] = [];
  #asleep: (() => void)[] = [];

  constructor(host: Host, birth: Birth) {
    this.pid = birth.pid;
    this.userId = birth.userId;
    this.startTime = birth.startTime;
    this.#host = host;
    this.#probe = new MemoryProbe(host, this);
    this.#listener = new MemoryListener(host, this, birth.backlog);
    this.ports = this.#makePorts();
  }

  get activity(): Activity {
    return this.#activity;
  }

  get awake(): boolean {
    return this.#activity === 'running';
  }

  /** What this process says to whoever greets it, one word each, the last one to all that follow. Who waits hears it now. */
  serve(...words: readonly [GreetReading, ...GreetReading[]]): void {
    this.#words = words;
    this.#listener.pump();
  }

  nextWord(): GreetReading | undefined {
    const [word, ...later] = this.#words;
    if (later.length > 0) this.#words = later;
    if (word?.kind === 'accepted') this.served += 1;
    return word;
  }

  /** Writes to what the one who started it can read after its end. */
  print(text: string): void {
    this.#output = (this.#output + text).slice(-LAST_OUTPUT_MAX);
  }

  /** SIGSTOP. */
  stop(): void {
    if (this.#activity === 'running') this.#activity = 'stopped';
  }

  /** SIGCONT. */
  resume(): void {
    if (this.#activity !== 'stopped') return;
    this.#activity = 'running';
    for (const wake of this.#asleep.splice(0)) wake();
    this.#listener.pump();
  }

  /** SIGKILL. */
  kill(remains: Remains = 'nothing'): void {
    this.#cease({ code: undefined, signal: 'SIGKILL' }, remains);
  }

  /** SIGTERM, which a stopped process does not hear of until it goes on; one that doesn't want to end says so by `onTerm`. */
  terminate(): void {
    if (this.#activity === 'running') this.onTerm();
  }

  exit(code: number, remains: Remains = 'nothing'): void {
    this.#cease({ code, signal: undefined }, remains);
  }

  /** The zombie's parent has asked after it. */
  reap(): void {
    if (this.#activity === 'zombie') this.#activity = 'gone';
  }

  /**
   * Runs a program in this process, from the next turn on: whoever started it goes on first.
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

  /** What a process table shows of it. */
  look(): ProcessReading {
    if (this.#activity === 'gone') return { kind: 'gone' };
    return { kind: 'present', startTime: this.startTime, activity: this.#activity };
  }

  /** What the one who started it sees. */
  lookAsChild(): ChildReading {
    return this.#end === undefined
      ? { kind: 'running' }
      : { kind: 'ended', ...this.#end, lastOutput: this.#output };
  }

  adopt(child: MemoryProcess): void {
    this.#children.set(child.pid, child);
  }

  #cease(end: End, remains: Remains): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#activity = remains === 'zombie' ? 'zombie' : 'gone';
    this.#host.clock.forget(this);
    this.#probe.drop();
    this.#listener.abandon();
  }

  #makePorts(): Ports {
    const host = this.#host;
    const clock: Clock = { now: () => host.clock.now(), sleep: (ms) => host.clock.sleep(ms, this) };
    const processes: ProcessTable = {
      self: () => identityOf(this),
      lookUp: (pid) => host.lookUp(pid, this),
      signal: (pid, name) => host.signal(pid, name, this),
    };
    const spawner: Spawner = {
      spawn: (reason, lockNonce) => host.spawn(this, reason, lockNonce),
      check: (pid) => this.#child(pid).lookAsChild(),
    };
    return {
      clock: this.#guarded('clock', clock),
      files: this.#guarded('files', new MemoryFileSystem(host.disk, this, host.faults)),
      probe: this.#guarded('probe', this.#probe),
      listener: this.#guarded('listener', this.#listener),
      processes: this.#guarded('processes', processes),
      spawner: this.#guarded('spawner', spawner),
    };
  }

  #child(pid: number): MemoryProcess {
    const child = this.#children.get(pid);
    if (child === undefined) throw new Error(`process ${pid} was not started by ${this.pid}`);
    return child;
  }

  #guarded<T extends object>(port: keyof Ports, target: T): T {
    return new Proxy(target, {
      get: (_, method: string) => {
        const call = Reflect.get(target, method) as (...args: unknown[]) => unknown;
        return (...args: unknown[]) => this.#through({ port, method, args }, () => call.apply(target, args));
      },
    });
  }

  #through(call: PortCall, make: () => unknown): unknown {
    this.#refuseDead(call);
    if (call.method !== 'now' && call.method !== 'self') this.onCall(call);
    this.#refuseDead(call);
    const reading = make();
    return reading instanceof Promise ? this.#whenAwake(reading) : reading;
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
