/** The commands that look at daemons, or end them, and print facts. */

import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { endSilentStarts } from '../../adapters/node/processes/silent-starts.js';
import type { Owner } from '../../domain/evidence/owner.js';
import type { Failure } from '../../domain/failure.js';
import { CALL_TOTAL_MS } from '../../domain/lock/timing.js';
import type { Place } from '../../domain/place/layout.js';
import { EXIT, exitCodeOf } from '../environment/exit-codes.js';
import type { Host } from '../environment/node-host.js';
import { stateRoot } from '../environment/state-root.js';
import { resolveRequest } from '../library/daemon-request.js';
import { invalid, resolveTarget, type Target } from '../library/daemon-target.js';
import { connectTo } from '../library/obtain-daemon.js';
import { pinging } from '../library/ping.js';
import { terminate } from '../library/stop-hung-daemon.js';
import type { CommandOptions } from '../options/option-table.js';
import { type Resolved, resolveService } from '../service/service-file.js';
import { durationText } from '../texts/duration.js';
import { type Complaint, sentence, TROUBLE, textOf, USAGE } from '../texts/failure-text.js';
import type { Inspection, Inspector, ProcessActivity } from './daemon-inspector.js';
import { type PlacesQuery, placesIn } from './find-names.js';

export interface Output {
  /** Facts, to stdout. */
  print(text: string): void;
  /** One sentence, to stderr. */
  complain(sentence: string): void;
  /** What is going on, for somebody who is watching. */
  progress(line: string): void;
}

/** What every one of these commands works with. */
export class Parts {
  constructor(
    readonly host: Host,
    readonly inspector: Inspector,
    readonly output: Output,
  ) {}
}

export const ANSWER_MS = 2_000;
const GONE_POLL_MS = 20;

export function resolveNamed(
  host: Host,
  service: string | undefined,
  options: CommandOptions,
): Resolved<Target> {
  const file = service === undefined ? undefined : resolveService(service);
  if (file?.kind === 'failed') return file;
  const name = options.name ?? file?.value.name;
  if (name === undefined) return invalid(USAGE.noDaemon());
  return resolveTarget({ ...options, name }, host.userId);
}

/** That there is one has been seen to before any command begins. */
export function rootOf(options: CommandOptions): string {
  return path.resolve(options.stateDirectory ?? stateRoot(process.env) ?? '/');
}

export function placesQueryOf({ files, userId, platform }: Host, options: CommandOptions): PlacesQuery {
  return { files, userId, platform, root: rootOf(options) };
}

/** Every name in the state directory. */
export const placesOf = (host: Host, options: CommandOptions): Place[] =>
  placesIn(placesQueryOf(host, options));

/** What `--json` prints: the kind, and what is known. */
export function factsOf(inspection: Inspection): object {
  const { kind, directory } = inspection;
  switch (inspection.kind) {
    case 'answered': {
      // Those are for `stats` to tell.
      const { numbers: _, ...status } = inspection.status;
      return { kind, directory, ...status };
    }
    case 'not-answering': {
      const { owner, cause, activity } = inspection;
      return { kind, directory, owner: owner ?? null, cause, activity };
    }
    case 'other-wire':
      return { kind, directory, owner: inspection.owner ?? null };
    case 'not-running':
      return { kind, directory };
  }
}

export function lineOf(inspection: Inspection, wallMs: number): string {
  const label = path.basename(inspection.directory);
  switch (inspection.kind) {
    case 'answered': {
      const { name, pid, generation, state, startedMs, calls, inFlight, residentBytes, service } =
        inspection.status;
      const up = durationText(Math.max(0, wallMs - startedMs));
      const work = `${calls} calls, ${inFlight} in flight`;
      const memory = `${Math.round(residentBytes / 2 ** 20)} MiB`;
      return `${name}: ${state}, pid ${pid}, generation ${generation}, up ${up}, ${work}, ${memory}, ${service}`;
    }
    case 'not-answering': {
      const { owner, cause, activity } = inspection;
      const pid = owner === undefined ? '' : `, pid ${owner.pid}`;
      const facts = [cause.message, ...runningText(owner, wallMs), ...ACTIVITIES[activity]];
      return `${owner?.name ?? label}: not answering${pid} (${facts.join('; ')})`;
    }
    case 'other-wire': {
      const pid = inspection.owner === undefined ? '' : `, pid ${inspection.owner.pid}`;
      return `${inspection.owner?.name ?? label}: running${pid}, with a protocol of its own`;
    }
    case 'not-running':
      return `${label}: not running`;
  }
}

/** How long it may have been silent: since when it is, nobody but itself could know. */
function runningText(owner: Owner | undefined, wallMs: number): readonly string[] {
  const startedMs = owner?.startedMs ?? 0;
  return startedMs > 0 ? [`running for ${durationText(Math.max(0, wallMs - startedMs))}`] : [];
}

const ACTIVITIES: Readonly<Record<ProcessActivity, readonly string[]>> = {
  running: [],
  stopped: ['its process is stopped; "kill -CONT" lets it go on'],
  unknown: [],
};

const isUp = ({ kind }: Inspection): boolean => kind === 'answered' || kind === 'other-wire';

export class StatusCommand {
  constructor(
    private readonly parts: Parts,
    private readonly list: ListCommand,
  ) {}

  async run(service: string | undefined, options: CommandOptions): Promise<number> {
    if (service === undefined && options.name === undefined) return this.list.run(options);
    const { host, inspector, output } = this.parts;
    const target = resolveNamed(host, service, options);
    if (target.kind === 'failed') return complainOf(output, target.failure);
    const { directory } = target.value.place;
    const found = await inspector.inspect(directory, options.timeoutMs ?? ANSWER_MS);
    const facts = { ...factsOf(found), name: target.value.label };
    const line =
      found.kind === 'not-running' ? `${target.value.label}: not running` : lineOf(found, Date.now());
    output.print(options.json ? `${JSON.stringify(facts)}\n` : `${line}\n`);
    return isUp(found) ? EXIT.ok : EXIT.unavailable;
  }
}

export function complainOf(output: Output, failure: Failure): number {
  output.complain(sentence(failure));
  return exitCodeOf(failure);
}

/** The same of what is no failure of a daemon's: of what was asked for, unless another exit code says more. */
export function complain(output: Output, complaint: Complaint, exitCode: number = EXIT.usage): number {
  output.complain(textOf(complaint));
  return exitCode;
}

export class ListCommand {
  constructor(private readonly parts: Parts) {}

  async run(options: CommandOptions): Promise<number> {
    const { host, inspector, output } = this.parts;
    const places = placesOf(host, options);
    const withinMs = options.timeoutMs ?? ANSWER_MS;
    const found = await Promise.all(places.map(({ directory }) => inspector.inspect(directory, withinMs)));
    const text = options.json
      ? `${JSON.stringify(found.map(factsOf))}\n`
      : found.map((inspection) => `${lineOf(inspection, Date.now())}\n`).join('');
    output.print(text);
    return EXIT.ok;
  }
}

export type StopOutcome =
  | { readonly kind: 'stopped'; readonly pid: number; readonly tookMs: number }
  | { readonly kind: 'not-running' }
  | { readonly kind: 'refused'; readonly inspection: Inspection }
  | { readonly kind: 'still-there'; readonly pid: number; readonly inFlight: number };

/** Asks the daemon to end, and waits until it has: until nobody listens any more, which is when its process is gone. */
export async function stopDaemon(
  { inspector, host }: Parts,
  directory: string,
  withinMs: number,
): Promise<StopOutcome> {
  const begunMs = host.clock.now().monotonicMs;
  const passedMs = (): number => host.clock.now().monotonicMs - begunMs;
  const asked = await inspector.askToStop(directory, withinMs);
  // One that was started and has said nothing yet can't be asked.
  const [silent] = endSilentStarts(host.ledger(directory), host.processes, 0, Date.now());
  if (asked.kind === 'not-running')
    return silent === undefined
      ? { kind: 'not-running' }
      : { kind: 'stopped', pid: silent, tookMs: passedMs() };
  if (asked.kind !== 'answered') return { kind: 'refused', inspection: asked };
  const { pid, inFlight } = asked.status;
  while (passedMs() < withinMs) {
    if (await inspector.isGone(directory, ANSWER_MS)) return { kind: 'stopped', pid, tookMs: passedMs() };
    await delay(GONE_POLL_MS);
  }
  return { kind: 'still-there', pid, inFlight };
}

export function stopFacts(outcome: StopOutcome): object {
  return outcome.kind === 'refused' ? { ...factsOf(outcome.inspection), kind: outcome.kind } : outcome;
}

/** @param what 'complaints' where the facts have been printed as JSON */
export function reportStop(
  output: Output,
  label: string,
  outcome: StopOutcome,
  what: 'all' | 'complaints',
): number {
  const print = (line: string): void => {
    if (what === 'all') output.print(`${line}\n`);
  };
  switch (outcome.kind) {
    case 'stopped':
      print(`${label}: stopped (pid ${outcome.pid}, ${durationText(outcome.tookMs)})`);
      return EXIT.ok;
    case 'not-running':
      print(`${label}: not running`);
      return EXIT.unavailable;
    case 'refused':
      return complain(output, TROUBLE.notAsked(lineOf(outcome.inspection, Date.now())), EXIT.unavailable);
    case 'still-there':
      return complain(output, TROUBLE.stillThere(label, outcome.pid, outcome.inFlight), EXIT.tempFail);
  }
}

function printStop(output: Output, label: string, outcome: StopOutcome, options: CommandOptions): number {
  if (options.json) output.print(`${JSON.stringify({ name: label, ...stopFacts(outcome) })}\n`);
  return reportStop(output, label, outcome, options.json ? 'complaints' : 'all');
}

export class StopCommand {
  constructor(private readonly parts: Parts) {}

  async run(service: string | undefined, options: CommandOptions): Promise<number> {
    const { host, output } = this.parts;
    const target = resolveNamed(host, service, options);
    if (target.kind === 'failed') return complainOf(output, target.failure);
    const { place, label } = target.value;
    const outcome = await stopDaemon(this.parts, place.directory, options.timeoutMs ?? CALL_TOTAL_MS);
    return printStop(output, label, outcome, options);
  }
}

export class RestartCommand {
  constructor(private readonly parts: Parts) {}

  async run(service: string | undefined, options: CommandOptions): Promise<number> {
    const { host, output } = this.parts;
    const totalMs = options.timeoutMs ?? CALL_TOTAL_MS;
    const request = resolveRequest({ ...options, service: service ?? '' }, host.userId, { totalMs });
    if (request.kind === 'failed') return complainOf(output, request.failure);
    const { label, place } = request.value.target;
    output.progress(`ending ${label} …`);
    const stopped = await this.#end(place.directory, totalMs, options);
    if (stopped.kind === 'refused' || stopped.kind === 'still-there')
      return printStop(output, label, stopped, options);
    if (stopped.kind === 'not-ended') return complainOf(output, stopped);
    output.progress(`starting ${label} …`);
    const manner = { greeter: pinging(request.value.caller), because: 'restart' } as const;
    const result = await connectTo(host, request.value, manner);
    if (result.kind === 'failed') return complainOf(output, result.failure);
    const { connection, ...facts } = result;
    connection.destroy();
    const before = stopped.kind === 'not-running' ? null : stopped.pid;
    const line = `${facts.kind} (pid ${facts.owner?.pid ?? '?'}, ${durationText(facts.tookMs)})`;
    output.print(
      options.json
        ? `${JSON.stringify({ name: label, ...facts, before })}\n`
        : `${label}: ${line}; before: ${before === null ? 'not running' : `pid ${before}`}\n`,
    );
    return EXIT.ok;
  }
  /** A daemon that answers is asked; one that does not is ended if a person says so, and with proof. */
  async #end(directory: string, withinMs: number, options: CommandOptions): Promise<RestartEnd> {
    const { host } = this.parts;
    const stopped = await stopDaemon(this.parts, directory, options.force ? FORCE_AFTER_MS : withinMs);
    const isHung = stopped.kind === 'refused' && stopped.inspection.kind === 'not-answering';
    if (!options.force || !isHung) return stopped;
    const outcome = await terminate(host, directory);
    switch (outcome.kind) {
      case 'ended':
        return { kind: 'ended', pid: outcome.pid };
      case 'gone':
        return { kind: 'not-running' };
      default:
        return { kind: 'not-ended', directory, outcome };
    }
  }
}

type RestartEnd =
  | StopOutcome
  | { readonly kind: 'ended'; readonly pid: number }
  | Extract<Failure, { readonly kind: 'not-ended' }>;

/** A daemon that is asked to end, and says nothing for so long, is taken for one that does not answer. */
const FORCE_AFTER_MS = 2_000;
