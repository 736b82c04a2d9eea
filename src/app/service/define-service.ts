/** What the author of a service writes: the module that a daemon keeps warm. */

import type { Readable, Writable } from 'node:stream';
import type { WriteStream } from 'node:tty';
import { isWorkerCount, WORKERS_MAX, type WorkerCount } from './worker-count.js';

/** As on the streams of a process: true where the caller's end is a terminal. */
export type ServiceInput = Readable & { readonly isTTY?: boolean };
/**
 * The rest is there where the caller's end is a terminal; columns and rows where the caller has told them.
 */
export type ServiceOutput = Writable &
  Partial<Pick<WriteStream, 'isTTY' | 'columns' | 'rows' | 'getWindowSize' | 'getColorDepth' | 'hasColors'>>;

/** One call as the service sees it: the arguments, the directory and the streams of the caller. */
export interface ServiceContext {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The caller is asked for input only when the service reads. */
  readonly stdin: ServiceInput;
  readonly stdout: ServiceOutput;
  readonly stderr: ServiceOutput;
  /** Aborted when the caller goes away or the daemon must end. */
  readonly signal: AbortSignal;
}

/**
 * Answers one call.
 * @returns exit code, 0 to 255; nothing means `process.exitCode`, or 0. A throw becomes one line on the
 *   caller's stderr and exit code 1
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a function without a return statement is a service too
export type ServiceFunction = (context: ServiceContext) => number | void | Promise<number | void>;

/**
 * What a service does beside its calls, for those that come with solod: their daemon tells them of itself.
 */
export interface ServiceLife {
  /**
   * The service has been loaded by its daemon.
   * @param directory the directory of the daemon's name
   */
  begin(directory: string): void;
  /** Whether the daemon stays though it is idle. */
  isNeeded(): boolean;
  /**
   * The daemon takes on no more calls. It ends when this resolves and no call is in flight, or when its grace
   * is over.
   */
  drain(): Promise<void>;
}

export interface ServiceDefinition {
  /** Name of its daemon, unless the caller gives one. By default it is made from the file's name. */
  readonly name?: string;
  readonly run: ServiceFunction;
  /** How long its daemon lives without a call, in milliseconds. */
  readonly idleTimeoutMs?: number;
  readonly version?: string;
  /**
   * Which process the code of a call sees in `process`, `console`, `fs`, `os` and in its children. `own`, the
   * default: one of the call's own, with the caller's environment, directory and streams. `shared`: the
   * daemon's, which all calls have in common; for a service that goes by its context alone.
   */
  readonly callProcess?: CallProcessKind;
  /**
   * `imports`: a change of any file that the service has loaded counts like a change of the service file.
   * Files in `node_modules` don't count. Costs each call one stat(2) for each file. By default the service
   * file alone counts.
   */
  readonly watch?: WatchKind;
  /**
   * Variables that its daemon is started with, besides those that every daemon gets
   * (docs/decisions/0015-environment-of-a-daemon.md): `NAME`, or `PREFIX_*` for all that begin so. They come
   * from the caller that starts the daemon, and stay for as long as it lives.
   */
  readonly environment?: readonly string[];
  readonly life?: ServiceLife;
  /**
   * In how many processes calls run, one at a time in each; `auto`: one for each CPU. By default, and with 0,
   * they run in the daemon's own. Write a literal before `run`: it is read from the text of the file.
   */
  readonly workers?: WorkerCount;
}

export type CallProcessKind = 'own' | 'shared';

/** What else than the service file is watched: the files that it imports, without packages. */
export type WatchKind = 'imports';

/** What `defineService` makes. */
export interface Service {
  readonly name: string | undefined;
  readonly run: ServiceFunction;
  readonly idleTimeoutMs: number | undefined;
  readonly version: string | undefined;
  /** Absent where another release of solod has made the service. */
  readonly callProcess?: CallProcessKind | undefined;
  readonly watch?: WatchKind | undefined;
  /** Absent likewise. */
  readonly environment?: readonly string[] | undefined;
  readonly life?: ServiceLife | undefined;
  /** Absent likewise. */
  readonly workers?: WorkerCount | undefined;
}

/** Registered, because the service may use another copy of this package than the daemon. */
const SERVICE_MARK = Symbol.for('solod.service');

/**
 * Gives a service more than its function: a name, a version, an idle timeout.
 * @throws TypeError if the definition is invalid
 */
export function defineService(definition: ServiceDefinition): Service {
  const fault = definitionFault(definition);
  if (fault !== undefined) throw new TypeError(`defineService: ${fault}`);
  const { name, run, idleTimeoutMs, version, callProcess, watch, environment, workers, life } = definition;
  return Object.freeze({
    name,
    run,
    idleTimeoutMs,
    version,
    callProcess,
    watch,
    environment,
    workers,
    life,
    [SERVICE_MARK]: true,
  });
}

/** Checked at run time, because services are written in JavaScript too. */
function definitionFault(definition: unknown): string | undefined {
  if (typeof definition !== 'object' || definition === null) return 'takes an object';
  const fields = definition as Readonly<Record<string, unknown>>;
  const { name, run, idleTimeoutMs, version, callProcess, watch, environment, workers } = fields;
  if (typeof run !== 'function') return '"run" must be a function';
  if (!isOptional(name, 'string')) return '"name" must be a string';
  if (!isOptional(version, 'string')) return '"version" must be a string';
  if (!isOptional(idleTimeoutMs, 'number') || !(((idleTimeoutMs ?? 0) as number) >= 0))
    return '"idleTimeoutMs" must be a number of milliseconds';
  if (![undefined, 'own', 'shared'].includes(callProcess as string | undefined))
    return '"callProcess" must be "own" or "shared"';
  if (watch !== undefined && watch !== 'imports') return '"watch" must be "imports"';
  if (!isOptionalList(environment)) return '"environment" must be an array of names of variables';
  if (workers !== undefined && !isWorkerCount(workers))
    return `"workers" must be "auto" or a whole number from 0 to ${WORKERS_MAX}`;
  return undefined;
}

function isOptionalList(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.every((word) => typeof word === 'string'));
}

function isOptional(value: unknown, type: 'string' | 'number'): boolean {
  return value === undefined || typeof value === type;
}

export type ServiceReading =
  | { readonly kind: 'service'; readonly service: Service }
  /** The module was loaded, but its default export isn't a service. */
  | { readonly kind: 'no-service'; readonly reason: string };

/** When a transpiled CommonJS module is imported, its default export is one or two levels deeper. */
const DEEPEST_DEFAULT = 3;

/**
 * Finds the service in a loaded module, however it was compiled.
 * @param namespace result of `import()`
 */
export function readService(namespace: unknown): ServiceReading {
  let exported = namespace;
  for (let depth = 0; depth < DEEPEST_DEFAULT && isWrapper(exported); depth++) exported = exported.default;
  if (typeof exported === 'function') return { kind: 'service', service: plain(exported as ServiceFunction) };
  if (isService(exported)) return { kind: 'service', service: exported };
  return { kind: 'no-service', reason: whatItIs(namespace, exported) };
}

function plain(run: ServiceFunction): Service {
  return { name: undefined, run, idleTimeoutMs: undefined, version: undefined };
}

function isWrapper(value: unknown): value is { readonly default: unknown } {
  return typeof value === 'object' && value !== null && !isService(value) && 'default' in value;
}

function isService(value: unknown): value is Service {
  return typeof value === 'object' && value !== null && SERVICE_MARK in value;
}

function whatItIs(namespace: unknown, exported: unknown): string {
  if (exported === namespace) return 'the module has no default export';
  if (typeof exported !== 'object' || exported === null) return `the default export is ${phrase(exported)}`;
  if ('run' in exported) return 'the default export is an object that defineService did not make';
  return 'the default export is an object';
}

function phrase(value: unknown): string {
  return value === undefined || value === null ? String(value) : `a ${typeof value}`;
}
