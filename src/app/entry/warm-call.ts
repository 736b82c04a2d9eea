/**
 * The warm path, for the call that is made hundreds of times: the daemon is there, accepts the call, and answers soon and shortly.
 * It loads nothing else, because Node takes longer to read a program than to run this one.
 *
 * Nothing is decided here. Everything out of the ordinary goes to the rest of the command: from the beginning, or, once the
 * request is sent, with the connection and what has come on it. A call that is accepted only needs its streams
 * (`warm-call-streams.ts`).
 */

import { writeSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { callerText, WIRE_VERSION } from '../../domain/evidence/edition.js';
import { currentSocketOf, isName } from '../../domain/place/layout.js';
import { afterReading } from '../environment/after-reading.js';
import { chooseDaemon } from '../environment/daemon-switch.js';
import { platformOf, workingDirectory } from '../environment/state-root.js';
import { terminals } from '../environment/terminals.js';
import { warmPlace } from '../place/warm-place.js';
import { nodeClock, readScope } from '../platforms/node-platform.js';
import { resolveService, type ServiceFile } from '../service/service-file.js';
import { CHUNK, chunk, HEADER_BYTES } from '../wire/chunks.js';
import type { Opened } from '../wire/client.js';
import { encodeRequest, requestEnvironment } from '../wire/request.js';

/** Continues the call elsewhere: with a connection, or from the beginning. */
export type GoOn = (opened?: Opened) => void;

/** A call that takes longer is carried on elsewhere, with deadlines and heartbeats. */
export const WARM_MS = 100;

/** @param argv what follows the command's name */
export function callWarm(argv: readonly string[], goOn: GoOn): void {
  const begunMs = nodeClock.now().monotonicMs;
  const asked = readWarm(argv);
  const found = asked && find(asked.service);
  if (asked === undefined || found === undefined) {
    goOn();
    return;
  }
  const request = requestOf(asked.args, found.service, begunMs);
  new Exchange(currentSocketOf(found.directory), request, goOn);
}

function requestOf(args: readonly string[], { name, edition }: ServiceFile, begunMs: number): Buffer {
  const waitedMs = nodeClock.now().monotonicMs - begunMs;
  return encodeRequest({
    command: name,
    args,
    env: requestEnvironment(process.env, terminals()),
    cwd: workingDirectory(),
    caller: callerText({ ...edition, wire: WIRE_VERSION, waitedMs, spawned: false }),
  });
}

interface WarmArguments {
  readonly service: string;
  readonly args: readonly string[];
}

/** Options that matter only for a call that is not warm. */
const IRRELEVANT = /^--(?:verbose|fallback=(?:wait|inline)|errors=(?:stderr|line))$/;

/** @returns undefined if there are other options: `readServiceArguments` knows them all */
export function readWarm(argv: readonly string[]): WarmArguments | undefined {
  const words: string[] = [];
  for (const [n, word] of argv.entries()) {
    if (word === '--') {
      words.push(...argv.slice(n + 1));
      break;
    }
    if (word.length < 2 || !word.startsWith('-')) words.push(word);
    else if (!IRRELEVANT.test(word)) return undefined;
  }
  const [service, ...args] = words;
  return service === undefined ? undefined : { service, args };
}

interface Found {
  readonly service: ServiceFile;
  readonly directory: string;
}

/** Finds the service and its daemon's directory. Undefined if anything is missing, which the rest of the command then explains. */
function find(file: string): Found | undefined {
  try {
    return findOrThrow(file);
  } catch {
    // A directory is missing, the user has no home, or the working directory has been removed.
    return undefined;
  }
}

function findOrThrow(file: string): Found | undefined {
  const platform = platformOf();
  const { env } = process;
  if (!platform || chooseDaemon(undefined, env).kind !== 'daemon') return undefined;
  const service = resolveService(file);
  if (service.kind === 'failed' || !isName(service.value.name)) return undefined;
  const { boot, ids } = readScope();
  const scope = `${boot}.${env.SOLOD_SCOPE || ids}`;
  const directory = warmPlace(service.value.name, env, process.getuid?.() ?? 0, platform, scope);
  return directory ? { service: service.value, directory } : undefined;
}

const NOTHING = Buffer.alloc(0);

class Exchange {
  readonly #socket: Socket;
  readonly #goOn: GoOn;
  // A process that had to wait for the processor may find the time over and the answer unread.
  readonly #timer = setTimeout(() => afterReading(() => this.#handOver(NOTHING)), WARM_MS);
  #state: 'connecting' | 'asked' | 'accepted' | 'left' = 'connecting';

  constructor(path: string, request: Buffer, goOn: GoOn) {
    this.#goOn = goOn;
    this.#socket = connect(path)
      .on('connect', () => {
        this.#state = 'asked';
        this.#socket.write(request);
      })
      .on('data', (bytes) => this.#take(bytes))
      // The code that continues the call asks the socket for the error.
      .on('error', () => {})
      .on('close', () => this.#handOver(NOTHING));
  }

  #take(bytes: Buffer): void {
    let rest = bytes;
    while (rest.length > 0) {
      const first = firstChunk(rest);
      if (first.end > rest.length || !this.#isForHere(first)) break;
      if (first.type === CHUNK.exit) process.exit(Number(first.body));
      this.#state = 'accepted';
      rest = rest.subarray(first.end);
      const unwritten = write(first.type, first.body);
      if (unwritten.length === 0) continue;
      rest = Buffer.concat([chunk(first.type, unwritten), rest]);
      break;
    }
    if (rest.length > 0) this.#handOver(rest);
  }

  /** A daemon accepts with output first; anything else is a refusal. Later the service may also ask for input. */
  #isForHere(first: FirstChunk): first is FirstChunk & { readonly type: Answer } {
    if (this.#state === 'asked') return first.type === CHUNK.output;
    return (
      first.type === CHUNK.output ||
      first.type === CHUNK.errorOutput ||
      (first.type === CHUNK.exit && isExitCode(first.body))
    );
  }

  #handOver(rest: Buffer): void {
    const was = this.#state;
    if (was === 'left') return;
    this.#state = 'left';
    clearTimeout(this.#timer);
    const socket = this.#socket.removeAllListeners('data').removeAllListeners('close').pause();
    if (was === 'connecting') {
      socket.destroy();
      this.#goOn();
    } else this.#goOn({ kind: was, socket, early: rest });
  }
}

type Answer = typeof CHUNK.output | typeof CHUNK.errorOutput | typeof CHUNK.exit;

interface FirstChunk {
  readonly type: string;
  readonly body: Buffer;
  /** Offset of its end, which may lie beyond the bytes that have come. */
  readonly end: number;
}

function firstChunk(bytes: Buffer): FirstChunk {
  const end = bytes.length < HEADER_BYTES ? HEADER_BYTES : HEADER_BYTES + bytes.readUInt32BE(0);
  return {
    type: String.fromCharCode(bytes[HEADER_BYTES - 1] ?? 0),
    body: bytes.subarray(HEADER_BYTES, end),
    end,
  };
}

const isExitCode = (body: Buffer): boolean => /^\d{1,3}$/.test(String(body)) && Number(body) <= 255;

/** @returns the bytes that could not be written at once */
function write(type: Exclude<Answer, typeof CHUNK.exit>, bytes: Buffer): Buffer {
  try {
    if (bytes.length === 0) return bytes;
    return bytes.subarray(writeSync(type === CHUNK.output ? 1 : 2, bytes));
  } catch {
    return bytes;
  }
}
