/** What may be asked of `obtain`, `kick` and `call`, and what that means. */

import { basename, dirname, join, resolve } from 'node:path';
import { type SpawnTarget, WORK_FLAG } from '../../adapters/spawn-target.js';
import { type Caller, type Edition, editionKey, WIRE_VERSION } from '../../domain/evidence/edition.js';
import { SILENT_MS_MAX } from '../../domain/lifecycle/start-ledger.js';
import { type Timing, timingFrom } from '../../domain/lock/timing.js';
import { daemonEnvironment, environmentText } from '../../domain/place/daemon-environment.js';
import { shortHash } from '../../domain/place/layout.js';
import type { Environment } from '../../ports/environment.js';
import type { DaemonWish } from '../environment/daemon-switch.js';
import { settled } from '../place/settle-place.js';
import type { CallerHost } from '../platforms/host.js';
import { ownEnvironmentIn } from '../service/service-environment.js';
import type { Resolved, ServiceFile } from '../service/service-file.js';
import type { WorkerCount } from '../service/worker-count.js';
import { USAGE } from '../texts/usage-text.js';
import { invalid, type NameOptions, orInvalid, resolveTarget, type Target } from './daemon-target.js';

/** How the daemon of a service runs. */
export interface DaemonOptions {
  /** Milliseconds without a call after which the daemon ends; 15 minutes by default, 0 for never. */
  readonly idleTimeoutMs?: number | undefined;
  /** Milliseconds in which a daemon that ends lets its calls finish; 5,000 by default. */
  readonly graceMs?: number | undefined;
  /**
   * Resident memory, in bytes, above which the daemon ends when its calls have finished; no limit by default.
   */
  readonly memoryLimitBytes?: number | undefined;
  /** Id of a process with which the daemon ends; none by default. */
  readonly tether?: number | undefined;
  /**
   * In how many processes the daemon runs calls, one at a time in each: as the service says, or 0, by
   * default.
   */
  readonly workers?: WorkerCount | undefined;
  /** Heap that each of these processes has, in bytes; Node's own limit by default. */
  readonly workerHeapBytes?: number | undefined;
  /** Whether the daemon keeps compiled modules for the next one, where Node can (22.1); `on` by default. */
  readonly compileCache?: 'on' | 'off' | undefined;
  /** Whether a daemon is wanted; `auto` by default. */
  readonly daemon?: DaemonWish | undefined;
  /** Path of the node binary that runs the daemon; by default the caller's. */
  readonly node?: string | undefined;
}

/** The daemon of a service file. */
export interface ServiceOptions extends Omit<NameOptions, 'name'>, DaemonOptions {
  /** Path of the service file. */
  readonly service: string;
  /** Name of the daemon, in place of the service's own. */
  readonly name?: string | undefined;
}

/**
 * A daemon with its own program. It is started with `env` if that is given; by default with
 * those variables of this process that every daemon gets (docs/decisions/0015-environment-of-a-daemon.md).
 */
export interface ProgramOptions extends NameOptions {
  /** The program and its arguments; no shell sees them. */
  readonly command: readonly [string, ...string[]];
  /**
   * How the program comes to its socket: `claimed` if it calls `claim` of this library with the same name;
   * `handed` if it knows nothing of solod, and gets the listening socket as descriptor 3 (sd_listen_fds(3)).
   * By default `claimed` for Node, Bun and Deno and for files of JavaScript, else `handed`. docs/programs.md
   * says more.
   */
  readonly listener?: 'claimed' | 'handed' | undefined;
}

export interface TimingOptions {
  /** How long to wait for what, in milliseconds. `Timing` has the meanings, `DEFAULT_TIMING` the defaults. */
  readonly timing?: Partial<Timing> | undefined;
}

export interface DaemonRequest {
  readonly target: Target;
  readonly spawn: Omit<SpawnTarget, 'channel'>;
  readonly timing: Timing;
  /** What the caller says of itself; undefined for a daemon with its own program. */
  readonly caller: Caller | undefined;
}

export type DaemonSelector = ServiceOptions | ProgramOptions;

/** The same, in a place that this caller's scope has taken: something may be started there. */
export const resolveSettled: typeof resolveRequest = (options, host, defaults) =>
  settled(
    () => resolveRequest(options, host, defaults),
    ({ target }) => target.derived,
    host,
  );

export function resolveRequest(
  options: DaemonSelector & TimingOptions,
  host: CallerHost,
  defaults: Partial<Timing>,
): Resolved<DaemonRequest> {
  const service = 'service' in options ? orInvalid(() => host.findService(options.service)) : undefined;
  if (service?.kind === 'failed') return service;
  const name = options.name ?? service?.value.name ?? '';
  const resolved = resolveTarget({ ...options, name }, host);
  if (resolved.kind === 'failed') return resolved;
  const target = resolved.value;
  const file = service?.value;
  const edition = file?.edition;
  const isHanded = !('service' in options) && isListenerHanded(options, host);
  // A pipe of Windows is handed to nobody.
  if (isHanded && host.platform === 'win32')
    return invalid(USAGE.platform(host.platform, 'a program that is handed a socket'));
  const command =
    'service' in options
      ? daemonCommand(options, target, host, edition?.path ?? '')
      : isHanded
        ? claimingCommand(options.command, target, host)
        : fromHere(options.command, host);
  if (command === undefined) return { kind: 'failed', failure: { kind: 'no-daemon-program' } };
  const environment = (): Readonly<Record<string, string>> => environmentFor(options, file, host);
  return {
    kind: 'resolved',
    value: {
      target,
      spawn: {
        directory: target.place.directory,
        command,
        environment,
        silentMs: edition === undefined && !isHanded ? undefined : SILENT_MS_MAX,
        handListener: isHanded ? host.handListener : undefined,
        limits: isInsistedOn(options, host) ? 'ignored' : 'respected',
        build: () => `${buildOf(command, edition)}:${shortHash(environmentText(environment()))}`,
      },
      timing: timingFrom({ ...defaults, ...defined(options.timing) }),
      caller: edition === undefined ? undefined : { ...edition, wire: WIRE_VERSION },
    },
  };
}

/** Whether the user insists on a daemon, or nothing else can answer. */
export const isInsistedOn = (options: DaemonSelector, { env }: CallerHost): boolean =>
  !('service' in options) || options.daemon === 'on' || (options.env ?? env).SOLOD === 'on';

/** The daemon of a service serves every caller. A daemon with its own program gets what the caller passes. */
function environmentFor(
  options: DaemonSelector,
  file: ServiceFile | undefined,
  host: CallerHost,
): Record<string, string> {
  const env: Environment = options.env ?? host.env;
  if (file === undefined && options.env !== undefined) return { ...(defined(env) as Record<string, string>) };
  const named = file === undefined ? [] : ownEnvironmentIn(file.text);
  return daemonEnvironment(env, named, host.directory());
}

/** The started process has another directory. A program without a slash is looked up on the PATH. */
const programFromHere = (program: string, { directory }: CallerHost): string =>
  program.includes('/') ? resolve(directory() || '/', program) : program;

const fromHere = (
  [program, ...args]: readonly [string, ...string[]],
  host: CallerHost,
): [string, ...string[]] => [programFromHere(program, host), ...args];

/** Programs that may call `claim`: the library is JavaScript. */
const CALLS_CLAIM = /^(?:node|nodejs|bun|deno|electron)\d*$|\.[cm]?[jt]s$/;

function isListenerHanded(
  { command: [program], listener }: ProgramOptions,
  { node, handListener, daemonProgram }: CallerHost,
): boolean {
  if (handListener === undefined || listener === 'claimed') return false;
  if (listener === 'handed') return true;
  return program !== node && !CALLS_CLAIM.test(basename(program)) && daemonProgram() !== undefined;
}

/** The file that claims a name for a program; it lies beside the daemon's. */
const CLAIMING_FILE = 'program-claim.cjs';

/** What runs the claim for a program, in this release and on this runtime. */
function claimingStart({
  node,
  runArguments = [],
  daemonProgram,
}: CallerHost): readonly [string, ...string[]] | undefined {
  const program = daemonProgram();
  return program === undefined ? undefined : [node, ...runArguments, join(dirname(program), CLAIMING_FILE)];
}

/** The name is claimed first, in the caller's directory, from which the program's arguments may count. */
function claimingCommand(
  command: readonly [string, ...string[]],
  target: Target,
  host: CallerHost,
): readonly [string, ...string[]] | undefined {
  const start = claimingStart(host);
  const flags = [...daemonFlags({}, target), `${WORK_FLAG}${host.directory() || '/'}`];
  return start && [...start, ...flags, '--', ...fromHere(command, host)];
}

/** Where the claim's file stands in a launch file; before the program's own words. -1 if it has none. */
const claimingAt = (words: readonly string[]): number =>
  words
    .slice(0, Math.max(1, words.indexOf('--')))
    .findIndex((word, at) => at > 0 && basename(word) === CLAIMING_FILE);

/**
 * The daemon that a launch file tells how to start.
 * @param words what the launch file says
 */
export function requestOfLaunch(
  words: readonly [string, ...string[]],
  target: Target,
  host: CallerHost,
  options: Pick<NameOptions, 'env'> & TimingOptions,
): DaemonRequest {
  const claiming = claimingAt(words);
  const isHanded = claiming > 0;
  // The release that wrote the launch file, and its Node, may have been removed meanwhile.
  const start = isHanded ? claimingStart(host) : undefined;
  const command = start === undefined ? words : ([...start, ...words.slice(claiming + 1)] as const);
  const environment = (): Record<string, string> =>
    daemonEnvironment(options.env ?? host.env, [], host.directory());
  return {
    target,
    spawn: {
      directory: target.place.directory,
      command,
      environment,
      silentMs: SILENT_MS_MAX,
      handListener: isHanded ? host.handListener : undefined,
      limits: 'ignored',
      build: () => `${shortHash(words.join('\0'))}:${shortHash(environmentText(environment()))}`,
    },
    timing: timingFrom(defined(options.timing)),
    caller: undefined,
  };
}

/**
 * A build is identified by the service's edition, or by the command line of a program, whose file solod does
 * not look at.
 */
function buildOf(command: readonly string[], edition: Edition | undefined): string {
  return edition === undefined ? shortHash(command.join('\0')) : `${editionKey(edition)}:${command[0]}`;
}

/**
 * The command line says everything: the daemon's own environment and working directory may say otherwise than
 * the caller's.
 */
function daemonCommand(
  options: ServiceOptions,
  target: Target,
  host: CallerHost,
  service: string,
): readonly [string, ...string[]] | undefined {
  const program = host.daemonProgram();
  if (program === undefined) return undefined;
  const node = programFromHere(options.node ?? host.node, host);
  const before = options.node === undefined ? (host.runArguments ?? []) : [];
  return [node, ...before, program, ...daemonFlags(options, target), '--', service];
}

/** A daemon's options, as arguments of its command line. */
export function daemonFlags(options: DaemonOptions, target: Target): readonly string[] {
  const { name, stateDirectory, project } = target;
  return writtenFlags({ name, 'state-dir': stateDirectory, project, ...daemonSettings(options) });
}

/** How a started daemon runs, by the names of the command's options. */
export function daemonSettings(options: DaemonOptions): Readonly<Record<string, string | undefined>> {
  const { idleTimeoutMs, graceMs, memoryLimitBytes, tether, workers, workerHeapBytes, compileCache } =
    options;
  return {
    'idle-timeout': idleTimeoutMs === undefined ? undefined : `${idleTimeoutMs}ms`,
    grace: graceMs === undefined ? undefined : `${graceMs}ms`,
    'memory-limit': memoryLimitBytes === undefined ? undefined : `${memoryLimitBytes}B`,
    tether: tether === undefined ? undefined : String(tether),
    workers: workers === undefined ? undefined : String(workers),
    'worker-heap': workerHeapBytes === undefined ? undefined : `${workerHeapBytes}B`,
    'compile-cache': compileCache,
  };
}

/** Leaves out options without a value. */
export function writtenFlags(settings: Readonly<Record<string, string | undefined>>): readonly string[] {
  return Object.entries(settings).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}=${value}`],
  );
}

/** An option that is given as undefined counts as not given. */
export function defined<T extends object>(options: T | undefined): Partial<T> {
  return Object.fromEntries(
    Object.entries(options ?? {}).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}
