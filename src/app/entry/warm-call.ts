/**
 * The warm call, the one that is made hundreds of times: everything is in its place, the daemon takes the call, and it answers
 * soon and in short. For that nothing else is loaded, because Node takes longer to read a program than to run this.
 *
 * Nothing is decided here. Whatever is out of the ordinary is left to the rest of the command: from the beginning, or, once the
 * request is on its way, with the connection and what has come on it. What is accepted needs its streams and nothing else
 * (`talk.ts`).
 */

import { existsSync, lstatSync, writeSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { resolve } from 'node:path';
import { nodeClock } from '../../adapters/node/clock.js';
import { entryOf } from '../../adapters/node/files/lstat-entry.js';
import { callerText, WIRE_VERSION } from '../../domain/evidence/edition.js';
import { isName, layout, type Place, placeOf } from '../../domain/place/layout.js';
import { distrustOf, isClosed } from '../../domain/place/state-directory.js';
import { chooseDaemon } from '../environment/daemon-switch.js';
import { platformOf, stateRoot, workingDirectory } from '../environment/state-root.js';
import { terminals } from '../environment/terminals.js';
import { resolveService, type ServiceFile } from '../service/service-file.js';
import { afterReading } from '../wire/after-reading.js';
import { CHUNK, chunk, HEADER_BYTES } from '../wire/chunks.js';
import type { Opened } from '../wire/opened.js';
import { encodeRequest, requestEnvironment } from '../wire/request.js';

/** Goes on with the whole call: with a connection, or from the beginning. */
export type GoOn = (opened?: Opened) => void;

/** A call that takes longer is no case for haste: it has deadlines, and heartbeats. */
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
  new Exchange(layout.currentSocket(found.place.directory), request, goOn);
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

/** Options that only say what becomes of a call that is not warm. */
const IRRELEVANT = /^--(?:verbose|fallback=(?:wait|inline)|errors=(?:stderr|line))$/;

/** @returns undefined where there are others: `readQuickly` knows them all */
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

/** The service, and where its daemon lives: only if all is as a call would have to make it first. */
function find(file: string): { readonly service: ServiceFile; readonly place: Place } | undefined {
  const platform = platformOf();
  const root = stateRoot(process.env);
  if (!platform || !root) return undefined;
  if (chooseDaemon(undefined, process.env).kind !== 'daemon') return undefined;
  const service = resolveService(file);
  if (service.kind === 'failed' || !isName(service.value.name)) return undefined;
  const userId = process.getuid?.() ?? 0;
  const place = placeOf(resolve(root), service.value.name, userId, platform);
  return isInOrder(place, userId) ? { service: service.value, place } : undefined;
}

function isInOrder({ root, directory }: Place, userId: number): boolean {
  try {
    if (distrustOf(entryOf(lstatSync(root)), userId) !== undefined) return false;
    const entry = entryOf(lstatSync(directory));
    return distrustOf(entry, userId) === undefined && isClosed(entry) && existsSync(layout.launch(directory));
  } catch {
    return false;
  }
}

const NOTHING = Buffer.alloc(0);

class Exchange {
  readonly #socket: Socket;
  readonly #goOn: GoOn;
  // A process that had to wait for a processor finds its time over and the answer unread.
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
      // What it failed with is asked of the socket by whoever goes on.
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

  /** A daemon that takes the call says so with output. What else comes first is a refusal; the service may also ask for input. */
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
  /** Where it ends, which may be beyond the bytes that have come. */
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

/** @returns what did not go out at once */
function write(type: Exclude<Answer, typeof CHUNK.exit>, bytes: Buffer): Buffer {
  try {
    if (bytes.length === 0) return bytes;
    return bytes.subarray(writeSync(type === CHUNK.output ? 1 : 2, bytes));
  } catch {
    return bytes;
  }
}
