/** Looks at daemons without starting any: who is there, and how it is doing. */

import path from 'node:path';
import { PassThrough } from 'node:stream';
import * as z from 'zod';
import type { NodeSocketProbe } from '../adapters/node/socket-probe.js';
import { parseJson } from '../domain/json.js';
import { layout, type Platform } from '../domain/layout.js';
import { type Owner, parseOwner } from '../domain/owner.js';
import type { Cause, FileSystem } from '../domain/ports.js';
import { judgeConnect } from '../domain/verdict.js';
import { CONTROL, type DaemonStatus } from './daemon/control.js';
import { CallConnection } from './wire/client.js';

export type Inspection =
  /** It answered, and says so itself. */
  | { readonly kind: 'answered'; readonly directory: string; readonly status: DaemonStatus }
  /** It is there and did not answer within the time, or can't be reached. `owner` is what it left on disk. */
  | {
      readonly kind: 'not-answering';
      readonly directory: string;
      readonly owner: Owner | undefined;
      readonly cause: Cause;
    }
  /** It is there, and does not speak solod's wire: a program of somebody's own. */
  | { readonly kind: 'other-wire'; readonly directory: string; readonly owner: Owner | undefined }
  | { readonly kind: 'not-running'; readonly directory: string };

const statusSchema = z.object({
  name: z.string(),
  pid: z.int().positive(),
  generation: z.int().positive(),
  service: z.string(),
  state: z.enum(['loading', 'ready', 'draining']),
  startedMs: z.number(),
  calls: z.int().nonnegative(),
  inFlight: z.int().nonnegative(),
  residentBytes: z.number(),
  node: z.string(),
  solod: z.string(),
}) satisfies z.ZodType<DaemonStatus>;

export interface InspectorParts {
  readonly files: FileSystem;
  readonly probe: () => NodeSocketProbe;
  readonly platform: Platform;
}

export class Inspector {
  constructor(private readonly parts: InspectorParts) {}

  /**
   * Asks the daemon of a directory how it is.
   * @param withinMs how long it may take to answer
   */
  inspect(directory: string, withinMs: number): Promise<Inspection> {
    return this.#ask(directory, CONTROL.status, withinMs);
  }

  /** Asks it to end, which it confirms with its status before it does. */
  askToStop(directory: string, withinMs: number): Promise<Inspection> {
    return this.#ask(directory, CONTROL.stop, withinMs);
  }

  /** The directories of names in a state directory. */
  directories(root: string): readonly string[] {
    const listing = this.parts.files.list(root);
    if (listing.kind !== 'names') return [];
    const places = listing.names.map((name) => path.join(root, name));
    return places.filter((place) => this.#isPlace(place)).sort();
  }

  /** Whether the daemon of a directory has gone: nobody listens behind its name any more. */
  async isGone(directory: string, withinMs: number): Promise<boolean> {
    const probe = this.parts.probe();
    const { kind } = judgeConnect(
      await probe.connect(layout.currentSocket(directory), withinMs),
      this.parts.platform,
    );
    probe.drop();
    return kind === 'dead' || kind === 'absent';
  }

  async #ask(directory: string, command: string, withinMs: number): Promise<Inspection> {
    const probe = this.parts.probe();
    const reading = await probe.connect(layout.currentSocket(directory), withinMs);
    const verdict = judgeConnect(reading, this.parts.platform);
    if (verdict.kind === 'dead' || verdict.kind === 'absent') return { kind: 'not-running', directory };
    const socket = probe.take();
    if (socket === undefined) {
      const cause = reading.kind === 'errno' ? reading.cause : silence(withinMs);
      return { kind: 'not-answering', directory, owner: this.#owner(directory), cause };
    }
    const answer = await ask(new CallConnection(socket), command, withinMs);
    socket.destroy();
    return this.#judge(directory, answer, withinMs);
  }

  #judge(directory: string, answer: string | undefined, withinMs: number): Inspection {
    if (answer === undefined)
      return { kind: 'not-answering', directory, owner: this.#owner(directory), cause: silence(withinMs) };
    const parsed = statusSchema.safeParse(parseJson(answer));
    if (!parsed.success) return { kind: 'other-wire', directory, owner: this.#owner(directory) };
    return { kind: 'answered', directory, status: parsed.data };
  }

  #owner(directory: string): Owner | undefined {
    const reading = this.parts.files.readText(layout.currentOwner(directory));
    return reading.kind === 'text' ? parseOwner(reading.text) : undefined;
  }

  /** Something has been published there at some time. */
  #isPlace(directory: string): boolean {
    return this.parts.files.readLink(layout.current(directory)).kind === 'target';
  }
}

const silence = (withinMs: number): Cause => ({
  code: 'ETIMEDOUT',
  message: `no answer within ${withinMs} ms`,
});

/** @returns what it printed; undefined if it did not take the question on, or did not finish the answer */
async function ask(
  connection: CallConnection,
  command: string,
  withinMs: number,
): Promise<string | undefined> {
  const greeting = await connection.greet({ command, args: [], env: {}, cwd: '/' }, withinMs);
  if (greeting.kind !== 'accepted') return greeting.kind === 'silent' ? undefined : '';
  const stdout = new PassThrough();
  const chunks: Buffer[] = [];
  stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const stderr = new PassThrough().resume();
  const signal = AbortSignal.timeout(withinMs);
  const ended = await connection.complete({ stdin: undefined, stdout, stderr, signal });
  return ended.kind === 'exited' ? Buffer.concat(chunks).toString('utf8') : undefined;
}
