/** What a service is: the module that a daemon keeps warm, as its author writes it. */

import type { Readable, Writable } from 'node:stream';
import type { WriteStream } from 'node:tty';
import { isWorkerCount, WORKERS_MAX, type WorkerCount } from './worker-count.js';

/** As on the streams of a process: true where the caller's end is a terminal. */
export type ServiceInput = Readable & { readonly isTTY?: boolean };
/** The rest is there where the caller's end is a terminal; columns and rows where the caller has told them. */
export type ServiceOutput = Writable &
  Partial<Pick<WriteStream, 'isTTY' | 'columns' | 'rows' | 'getWindowSize' | 'getColorDepth' | 'hasColors'>>;

/** One call, as the service sees it: the caller's arguments, place and streams, not the daemon's. */
export interface ServiceContext {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Is asked of the caller only as far as it is read. */
  readonly stdin: ServiceInput;
  readonly stdout: ServiceOutput;
  readonly stderr: ServiceOutput;
  /** Aborts when the caller goes away, or the daemon must end. */
  readonly signal: AbortSignal;
}

/**
 * Answers one call.
 * @returns the exit code, 0 to 255; nothing means 0. A throw becomes one line on the caller's stderr, and exit code 1
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a function without a return statement is a service too
export type ServiceFunction = (context: ServiceContext) => number | void | Promise<number | void>;

export interface ServiceDefinition {
  /** The name its daemon goes by, unless the caller gives one; else one is made from the file's. */
  readonly name?: string;
  readonly run: ServiceFunction;
  /** How long its daemon stays without a call, in milliseconds. */
  readonly idleTimeoutMs?: number;
  readonly version?: string;
  /**
   * Which process the code of a call sees in `process`, `console`, `fs`, `child_process` and `os`. `own`, the default: one of the
   * call's own, with the caller's environment, directory and streams. `shared`: the daemon's, which all calls have in common; for
   * a service that goes by its context alone.
   */
  readonly callProcess?: CallProcessKind;
  /**
   * In how many processes of their own calls run, one at a time in each; `auto` for as many as there are CPUs. By default, and with 0,
   * they run in the daemon. Write a literal before `run`: it is read from the text of the file.
   */
  readonly workers?: WorkerCount;
}

export type CallProcessKind = 'own' | 'shared';

/** What `defineService` makes. */
export interface Service {
  readonly name: string | undefined;
  readonly run: ServiceFunction;
  readonly idleTimeoutMs: number | undefined;
  readonly version: string | undefined;
  /** Absent where another release of solod has made the service. */
  readonly callProcess?: CallProcessKind | undefined;
  /** Likewise. */
  readonly workers?: WorkerCount | undefined;
}

/** Registered, for the service may have got its `defineService` from another copy of this package than the daemon. */
const SERVICE_MARK = Symbol.for('solod.service');

/**
 * Gives a service more than its function: a name, a version, an idle timeout.
 * @throws TypeError where the definition is none
 */
export function defineService(definition: ServiceDefinition): Service {
  const fault = definitionFault(definition);
  if (fault !== undefined) throw new TypeError(`defineService: ${fault}`);
  const { name, run, idleTimeoutMs, version, callProcess, workers } = definition;
  return Object.freeze({ name, run, idleTimeoutMs, version, callProcess, workers, [SERVICE_MARK]: true });
}

/** Checked at run time as well: services are written in JavaScript too. */
function definitionFault(definition: unknown): string | undefined {
  if (typeof definition !== 'object' || definition === null) return 'takes an object';
  const { name, run, idleTimeoutMs, version, callProcess, workers } = definition as Readonly<
    Record<string, unknown>
  >;
  if (typeof run !== 'function') return '"run" must be a function';
  if (!isOptional(name, 'string')) return '"name" must be a string';
  if (!isOptional(version, 'string')) return '"version" must be a string';
  if (!isOptional(idleTimeoutMs, 'number') || !(((idleTimeoutMs ?? 0) as number) >= 0))
    return '"idleTimeoutMs" must be a number of milliseconds';
  if (![undefined, 'own', 'shared'].includes(callProcess as string | undefined))
    return '"callProcess" must be "own" or "shared"';
  if (workers !== undefined && !isWorkerCount(workers))
    return `"workers" must be "auto" or a whole number from 0 to ${WORKERS_MAX}`;
  return undefined;
}

function isOptional(value: unknown, type: 'string' | 'number'): boolean {
  return value === undefined || typeof value === type;
}

export type ServiceReading =
  | { readonly kind: 'service'; readonly service: Service }
  /** The module was loaded, and its default export is no service. */
  | { readonly kind: 'no-service'; readonly reason: string };

/** A transpiled CommonJS module, imported, has its default export one level deeper, or two. */
const DEEPEST_DEFAULT = 3;

/**
 * Finds the service in a loaded module, however it was compiled.
 * @param namespace what `import()` gave
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
