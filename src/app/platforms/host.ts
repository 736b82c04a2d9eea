/**
 * What a process of solod needs of its machine: one adapter for each port, and what is known of the process
 * itself. A platform provides all of it (`node-platform.ts`, `memory-platform.ts`); nothing else in the
 * application makes an adapter.
 *
 * `C` is the platform's type of a connection: a `net.Socket` on Node, a `Duplex` in memory.
 */

import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { KickTarget } from '../../adapters/kick-target.js';
import type { Processes } from '../../adapters/own-processes.js';
import type { HandListener, SpawnTarget } from '../../adapters/spawn-target.js';
import type { ClaimOutcome, ClaimPlan } from '../../domain/claim/claim.js';
import type { OwnershipOutcome, OwnershipPlan } from '../../domain/claim/name-ownership.js';
import type { Known, ProcessSight } from '../../domain/doctor/daemon-checks.js';
import type { StorageReading } from '../../domain/doctor/storage-checks.js';
import type { Chronicle } from '../../domain/lifecycle/start-history.js';
import type { LedgerEntry, Start } from '../../domain/lifecycle/start-ledger.js';
import type { Derivation } from '../../domain/place/derive-place.js';
import type { Platform } from '../../domain/place/layout.js';
import type { MachineReading, ScopeReading } from '../../domain/place/scope.js';
import type { Ports, Procedure, Sync } from '../../domain/procedure/procedure.js';
import type { Clock } from '../../ports/clock.js';
import type { Documents } from '../../ports/documents.js';
import type { Environment } from '../../ports/environment.js';
import type { FileSystem } from '../../ports/file-system.js';
import type { Listener } from '../../ports/listener.js';
import type { ProcessWork } from '../../ports/process-work.js';
import type { Cause, Done, Failed } from '../../ports/readings.js';
import type { GreetReading, SocketProbe } from '../../ports/socket-probe.js';
import type { Spawner } from '../../ports/spawner.js';
import type { Word } from '../../ports/start-word.js';
import type { Witness } from '../../ports/witness.js';
import type { Resolved, ServiceFile } from '../service/service-file.js';

/**
 * Asks the daemon at the other end of a connection whether it will serve, in the daemon's own protocol.
 *
 * @param connection connected, and not read from yet
 * @param withinMs milliseconds by which it must have settled
 * @param daemon `started` if this caller has started a daemon before it got through
 * @returns what the daemon said first; `silent` if nothing came in time
 */
export type Greeter<C = Socket> = (
  connection: C,
  withinMs: number,
  daemon: 'started' | 'found',
) => Promise<GreetReading>;

export interface Probe<C> extends SocketProbe {
  /** Hands over the latest connection: from now on the caller closes it. */
  take(): C | undefined;
  /** Closes the latest connection, if there is one. */
  drop(): void;
}

export interface ServingListener<C> extends Listener {
  /** Hands over each connection, those first that are waiting. */
  serve(handle: (connection: C) => void): void;
}

interface DaemonSpawner extends Spawner {
  /** Whether it has started a process. */
  readonly hasStarted: boolean;
  /** Leaves the launch file for a daemon that has answered and does not do that itself. */
  leaveLaunchFile(): void;
  /** A clock whose sleep ends early when a process of this spawner says something, or ends. */
  wakingClock(): Clock;
}

/** What a name's ledger holds. A ledger that can't be read or written is empty. */
export interface StartLedger {
  readonly path: string;
  append(entry: LedgerEntry): void;
  /** The latest starts, oldest first. */
  starts(): readonly Start[];
  /** Starts whose process is proven to live, has said nothing yet and owns no generation, oldest first. */
  silent(): readonly Start[];
  /** @param wallMs now, by the wall clock */
  chronicle(wallMs: number): Chronicle;
}

/** How a started process tells its starter what it has come to. */
export interface StartChannel {
  /** The open descriptor behind it, if there is one. */
  readonly descriptor: number | undefined;
  say(word: Word): void;
}

/** Reads what the daemon of a name has written. Its text has one character for each byte. */
export interface LogText {
  /** Everything that is kept; undefined if there is no log. */
  whole(): string | undefined;
  /** What has been appended since the last read. */
  more(): string;
}

/** What a diagnosis asks of the system. Nothing here changes anything. */
export interface SystemFacts {
  storageOf(path: string): StorageReading;
  sightProcess(pid: number): ProcessSight;
  networkNamespaceOf(pid: number | 'self'): Known<string>;
  /** Whether an existing file may be appended to. */
  tryAppend(path: string): Done | Failed;
  cleaners(): { readonly tmpfiles: readonly string[]; readonly daily: readonly string[] };
}

/** The procedures of a daemon's side. */
interface Claiming {
  readonly claim: (plan: ClaimPlan) => Procedure<ClaimOutcome>;
  readonly checkOwnership: (plan: OwnershipPlan) => Sync<OwnershipOutcome>;
}

/** What every process of solod needs. */
export interface CommonHost<C extends Duplex = Duplex> {
  readonly clock: Clock;
  readonly files: FileSystem;
  readonly processes: Processes;
  /** Absent where a process is told from a later one by its start time. */
  readonly witness?: Witness | undefined;
  /** How a name is claimed here; by generations where nothing is said. */
  readonly claiming?: Claiming | undefined;
  /** Where daemons live on a system with other paths than POSIX has; `env` names the state directory. */
  readonly derive?: ((env: Environment, directory: string) => Derivation) | undefined;
  /** Whose rules hold for paths and sockets; Linux's where solod can't run. */
  readonly platform: Platform;
  /** Name of this system if solod can't run on it. */
  readonly unsupported: string | undefined;
  readonly userId: number;
  /** Environment of this process. `claim` removes the variables that are meant for this process alone. */
  readonly env: Record<string, string | undefined>;
  /** Working directory of this process; empty if it has been removed. */
  directory(): string;
  /**
   * @returns the user's home directory, where the environment names none
   * @throws a system error if the user has none
   */
  home(): string;
  /** @returns undefined if there is no such file */
  realPath(path: string): string | undefined;
  /** The files, networks and processes that this process sees, as text. */
  scope(): ScopeReading;
  machine(): MachineReading;
  /** Copies a file to where none is yet. What fails is left out. */
  copyFile(from: string, to: string): void;
  /** A new one at each call. It starts with the id of this process, its maker. */
  nonce(): string;
  /**
   * @param greeter absent where nothing is said on a connection
   * @param opened a connection that is made already, and is the first one tried
   */
  probe(greeter?: (connection: C, withinMs: number) => Promise<GreetReading>, opened?: C): Probe<C>;
  /** @param directory directory of a name */
  ledger(directory: string): StartLedger;
  /**
   * Wraps the ports of a procedure that takes time, so that a test can hold each of its calls. A real machine
   * returns the same ports.
   */
  held<P extends Partial<Ports>>(ports: P): P;
}

/** What a process needs that looks for a daemon, and starts one. */
export interface CallerHost<C extends Duplex = Duplex> extends CommonHost<C> {
  /** The node binary that runs the daemon of a service, unless the caller names another. */
  readonly node: string;
  /** What stands between that binary and the path of a program; nothing by default. */
  readonly runArguments?: readonly string[] | undefined;
  /** Path of the program that node runs as the daemon of a service; undefined if it is not installed. */
  daemonProgram(): string | undefined;
  spawner(target: SpawnTarget): DaemonSpawner;
  /** Absent where every program claims its name itself. */
  readonly handListener?: HandListener | undefined;
  /** Finds a service file, and reads its name, its version and its text. */
  findService(asked: string): Resolved<ServiceFile>;
  /** Whether `findService` would find the same again; cheaper than asking it. Without it, it is asked. */
  isStillThere?(asked: string, found: ServiceFile): boolean;
  readonly work: ProcessWork;
  /** Absent where there is no native client, or where it would see another machine than this host. */
  kickByClient?(kick: KickTarget): string | undefined;
  /**
   * Binds a socket, and removes it.
   * @returns why it can't be bound; undefined if it can
   */
  bindOnce(path: string): Promise<Cause | undefined>;
  /**
   * Binds a socket, connects to it, and removes it, before it returns. Absent where nothing tells that at
   * once.
   * @returns what is refused; undefined if nothing is
   */
  trySocket?(path: string): Cause | undefined;
  /** Tells the user in one line about a failure that no result reports. */
  warn(line: string): void;
}

/** What a process needs that serves a name. */
export interface DaemonHost<C extends Duplex = Duplex> extends CommonHost<C> {
  /** Path of the program that this process runs; empty if it has none. */
  readonly program: string;
  listener(options?: { readonly allowHalfOpen: boolean }): ServingListener<C>;
  /** Taken out of the environment: it is meant for no child of this process. */
  startChannel(): StartChannel;
}

/** What the library needs. */
export interface LibraryHost<C extends Duplex = Duplex> extends CallerHost<C>, DaemonHost<C> {
  /** Keeps the log in that directory within bounds from now on, if the output of this process goes there. */
  watchLog(directory: string): void;
}

/** What the commands need: everything that a platform provides. */
export interface Host<C extends Duplex = Duplex> extends LibraryHost<C> {
  readonly documents: Documents;
  readonly system: SystemFacts;
  logReader(directory: string): LogText;
}

const UNKNOWN = { kind: 'failed', cause: { code: 'ENOTSUP', message: 'no file is held here' } } as const;
/** Asked about the daemon of another platform, with which this one shares a directory. */
const NO_WITNESS: Witness = { hold: () => UNKNOWN, look: () => UNKNOWN, release: () => ({ kind: 'done' }) };

/** The ports that a host always has, as procedures take them. */
export const portsOf = ({
  clock,
  files,
  processes,
  witness = NO_WITNESS,
}: Pick<CommonHost, 'clock' | 'files' | 'processes' | 'witness'>) => ({ clock, files, processes, witness });
