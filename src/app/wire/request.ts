/** A request: as values, and as the chunks of its head. */

import { wantsRepeat } from '../../domain/evidence/edition.js';
import type { Environment } from '../../ports/environment.js';
import type { Terminal, Terminals } from '../environment/terminals.js';
import { CHUNK, type ChunkType, chunk, HEADER_BYTES, REPEAT, type Violation, writeHeader } from './chunks.js';

export interface CallRequest {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** What the caller says about itself (`callerText`). Public clients send nothing. */
  readonly caller?: string | undefined;
}

/** What a kept connection remembers of a request, for one that differs only in its arguments. */
export type Setting = Omit<CallRequest, 'args'>;

/** The variable that carries it. Services don't see it. */
export const CALLER_VARIABLE = 'SOLOD_CALLER';

/** The environment as a Nailgun client sends it: with variables about its platform and its terminals. */
export function requestEnvironment(env: Environment, terminals: Terminals): Record<string, string> {
  const inherited = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries([
    ...inherited,
    ['NAILGUN_FILESEPARATOR', '/'],
    ['NAILGUN_PATHSEPARATOR', ':'],
    ['NAILGUN_UMASK', process.umask().toString(8)],
    ...terminals.map((terminal, n) => [`NAILGUN_TTY_${n}`, `${terminal === true ? 1 : terminal || 0}`]),
  ]);
}

/** What the environment of a request says about the client's streams. */
export function terminalsOf(env: Environment): Terminals {
  const { NAILGUN_TTY_0, NAILGUN_TTY_1, NAILGUN_TTY_2 } = env;
  return [terminalOf(NAILGUN_TTY_0), terminalOf(NAILGUN_TTY_1), terminalOf(NAILGUN_TTY_2)];
}

/** The client's umask. Public clients don't say. */
export function umaskOf({ NAILGUN_UMASK = '' }: Environment): number | undefined {
  return /^[0-7]{1,4}$/.test(NAILGUN_UMASK) ? Number.parseInt(NAILGUN_UMASK, 8) : undefined;
}

/** Public clients say 0 or 1. */
function terminalOf(value = '0'): Terminal {
  return /^[1-9]\d*x\d+$/.test(value) ? (value as Terminal) : value !== '0';
}

/** The whole head in one buffer, for one write. */
export function encodeRequest(request: CallRequest): Buffer {
  const chunks: (readonly [ChunkType, string])[] = [];
  for (const arg of request.args) chunks.push([CHUNK.argument, arg]);
  if (request.caller !== undefined) chunks.push([CHUNK.environment, `${CALLER_VARIABLE}=${request.caller}`]);
  for (const [name, value] of Object.entries(request.env))
    chunks.push([CHUNK.environment, `${name}=${value}`]);
  chunks.push([CHUNK.directory, request.cwd], [CHUNK.command, request.command]);

  let total = 0;
  for (const [, text] of chunks) total += HEADER_BYTES + Buffer.byteLength(text);
  const head = Buffer.allocUnsafe(total);
  let offset = 0;
  for (const [type, text] of chunks) {
    const written = head.write(text, offset + HEADER_BYTES);
    offset = writeHeader(head, offset, type, written) + written;
  }
  return head;
}

/** The same for a head that is all but its arguments as the one before on its connection. */
export const encodeRepeat = (args: readonly string[]): Buffer =>
  Buffer.concat([...args.map((arg) => chunk(CHUNK.argument, arg)), chunk(REPEAT)]);

/** What a client sends for its call, and not as a part of the head. */
export const AFTER_HEAD: readonly ChunkType[] = [CHUNK.input, CHUNK.inputEnd, CHUNK.heartbeat];

/** Limits how much memory one head can take in the daemon. */
export const HEAD_LIMIT_BYTES = 64 * 1024 * 1024;
/** Added for each chunk, because empty chunks cost memory too. */
const CHUNK_CHARGE_BYTES = 64;

export type HeadReading =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'complete'; readonly request: CallRequest }
  | { readonly kind: 'violation'; readonly violation: Violation };

const INCOMPLETE: HeadReading = { kind: 'incomplete' };

/** Assembles the chunks of one head. */
export class HeadReader {
  readonly #args: string[] = [];
  /** A plain object, as services expect it. */
  readonly #env: Record<string, string> = {};
  #caller: string | undefined;
  #cwd: string | undefined;
  #longArgument: Buffer[] | undefined;
  #chargedBytes = 0;

  /** @param before what the connection remembers of the request before */
  constructor(private readonly before?: Setting | undefined) {}

  take(type: ChunkType, bytes: Buffer): HeadReading {
    this.#chargedBytes += CHUNK_CHARGE_BYTES + bytes.length;
    if (this.#chargedBytes > HEAD_LIMIT_BYTES)
      return { kind: 'violation', violation: { kind: 'head-too-long', limit: HEAD_LIMIT_BYTES } };
    if (type !== CHUNK.longArgument) this.#endLongArgument();
    switch (type) {
      case CHUNK.argument:
        this.#args.push(bytes.toString());
        return INCOMPLETE;
      case CHUNK.longArgument:
        this.#takeLongArgument(bytes);
        return INCOMPLETE;
      case CHUNK.environment:
        this.#takeVariable(bytes.toString());
        return INCOMPLETE;
      case CHUNK.directory:
        this.#cwd = bytes.toString();
        return INCOMPLETE;
      case CHUNK.command:
        return this.#complete(bytes.toString());
      case REPEAT:
        return this.#repeat();
      case CHUNK.heartbeat:
        return INCOMPLETE;
      default:
        return { kind: 'violation', violation: { kind: 'out-of-order', type } };
    }
  }

  /** Clients send their own variables before inherited ones, so the first of a name counts. */
  #takeVariable(text: string): void {
    const equals = text.indexOf('=');
    // An inherited environment may hold entries that aren't variables. Processes don't see those.
    if (equals <= 0) return;
    const name = text.slice(0, equals);
    const value = text.slice(equals + 1);
    if (name === CALLER_VARIABLE) this.#caller ??= value;
    else if (name === PROTOTYPE) define(this.#env, name, value);
    else if (!Object.hasOwn(this.#env, name)) this.#env[name] = value;
  }

  #takeLongArgument(bytes: Buffer): void {
    this.#longArgument ??= [];
    if (bytes.length === 0) this.#endLongArgument();
    else this.#longArgument.push(bytes);
  }

  #endLongArgument(): void {
    if (this.#longArgument === undefined) return;
    this.#args.push(Buffer.concat(this.#longArgument).toString());
    this.#longArgument = undefined;
  }

  #repeat(): HeadReading {
    if (this.before === undefined || this.#saysMore)
      return { kind: 'violation', violation: { kind: 'out-of-order', type: REPEAT } };
    return { kind: 'complete', request: { ...this.before, args: this.#args } };
  }

  get #saysMore(): boolean {
    return this.#cwd !== undefined || this.#caller !== undefined || Object.keys(this.#env).length > 0;
  }

  #complete(command: string): HeadReading {
    if (this.#cwd === undefined) return { kind: 'violation', violation: { kind: 'no-directory' } };
    const request = { command, args: this.#args, env: this.#env, cwd: this.#cwd, caller: this.#caller };
    return { kind: 'complete', request };
  }
}

/** Of a longer head nothing is remembered: an idle connection costs no more memory than that. */
const REMEMBERED_MAX_BYTES = 32 * 1024;

/**
 * What a kept connection remembers after a request.
 * @param headBytes how long the request was
 * @param before what the connection remembered until then
 * @returns undefined if nothing is remembered
 */
export function settingAfter(
  request: CallRequest,
  headBytes: number,
  before: Setting | undefined,
): Setting | undefined {
  if (!wantsRepeat(request.caller ?? '')) return undefined;
  if (before?.env === request.env) return before;
  if (headBytes > REMEMBERED_MAX_BYTES) return undefined;
  const { args: _, ...setting } = request;
  return setting;
}

/** Assigned, it would set the object's prototype and not a property. */
const PROTOTYPE = '__proto__';

function define(env: Record<string, string>, name: string, value: string): void {
  if (Object.hasOwn(env, name)) return;
  Object.defineProperty(env, name, { value, enumerable: true, configurable: true, writable: true });
}
