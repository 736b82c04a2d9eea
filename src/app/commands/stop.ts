/** `solod stop`: asks the daemon of a name to end, and waits until its process is gone. */

import { setTimeout as delay } from 'node:timers/promises';
import { endSilentStarts } from '../../adapters/silent-starts.js';
import { CALL_TOTAL_MS } from '../../domain/lock/timing.js';
import { EXIT } from '../environment/exit-codes.js';
import { askBySignal } from '../library/stop-hung-daemon.js';
import type { CommandOptions } from '../options/option-table.js';
import { COMMAND_TROUBLE } from '../texts/command-text.js';
import { durationText } from '../texts/duration.js';
import { codeOf } from '../texts/failure-sentence.js';
import { ANSWER_MS, complain, complainOf, jsonLine, type Parts } from './command-parts.js';
import type { Inspection } from './daemon-inspector.js';
import { factsOf, forbiddenBy, lineOf } from './inspection-text.js';
import { withNamed } from './named-daemon.js';

export type StopOutcome =
  | { readonly kind: 'stopped'; readonly pid: number; readonly tookMs: number }
  | { readonly kind: 'not-running' }
  | { readonly kind: 'refused'; readonly inspection: Inspection }
  | { readonly kind: 'still-there'; readonly pid: number; readonly inFlight: number | undefined };

const GONE_POLL_MS = 20;

/**
 * Asks the daemon of a directory to end, and waits until nobody listens there any more: then its process is
 * gone.
 * @param withinMs how long both may take, in milliseconds
 */
export async function stopDaemon(
  { inspector, host }: Parts,
  directory: string,
  withinMs: number,
): Promise<StopOutcome> {
  const begunMs = host.clock.now().monotonicMs;
  const passedMs = (): number => host.clock.now().monotonicMs - begunMs;
  const asked = await inspector.askToStop(directory, withinMs);
  // A process that was started and has said nothing yet can't be asked.
  const { wallMs } = host.clock.now();
  const serving = asked.kind === 'answered' ? asked.status.pid : undefined;
  const [silent] = endSilentStarts(host.ledger(directory), host.processes, 0, wallMs, serving);
  if (asked.kind === 'not-running')
    return silent === undefined
      ? { kind: 'not-running' }
      : { kind: 'stopped', pid: silent, tookMs: passedMs() };
  if (asked.kind === 'other-wire' && asked.owner?.program) return endProgram(host, asked, begunMs + withinMs);
  if (asked.kind !== 'answered') return { kind: 'refused', inspection: asked };
  const { pid, inFlight } = asked.status;
  while (passedMs() < withinMs) {
    if (await inspector.isGone(directory, ANSWER_MS)) return { kind: 'stopped', pid, tookMs: passedMs() };
    await delay(GONE_POLL_MS);
  }
  return { kind: 'still-there', pid, inFlight };
}

/** A program knows SIGTERM alone. What proves that it is the right process is its owner file. */
async function endProgram(
  host: Parts['host'],
  inspection: Extract<Inspection, { kind: 'other-wire' }>,
  untilMs: number,
): Promise<StopOutcome> {
  const begunMs = host.clock.now().monotonicMs;
  const outcome = await askBySignal(host, inspection.directory, untilMs - begunMs);
  switch (outcome.kind) {
    case 'ended':
      return { kind: 'stopped', pid: outcome.pid, tookMs: host.clock.now().monotonicMs - begunMs };
    case 'gone':
      return { kind: 'not-running' };
    case 'still-there':
      return { kind: 'still-there', pid: outcome.pid, inFlight: undefined };
    case 'unproven':
    case 'refused':
      return { kind: 'refused', inspection };
  }
}

export function stopFacts(outcome: StopOutcome): object {
  switch (outcome.kind) {
    case 'refused': {
      const forbidden = forbiddenBy(outcome.inspection);
      const code = forbidden === undefined ? COMMAND_TROUBLE.notAsked('').code : codeOf(forbidden);
      return { ...factsOf(outcome.inspection), kind: outcome.kind, code };
    }
    case 'still-there':
      return { ...outcome, code: COMMAND_TROUBLE.stillThere('', outcome.pid, outcome.inFlight).code };
    case 'stopped':
    case 'not-running':
      return outcome;
  }
}

/**
 * Says how stopping ended. With `--json` the facts have been printed, and only complaints are left to say.
 * @returns the exit code
 */
export function reportStop(
  { output, host }: Parts,
  label: string,
  outcome: StopOutcome,
  { json }: CommandOptions,
): number {
  const print = (line: string): void => {
    if (!json) output.print(`${line}\n`);
  };
  switch (outcome.kind) {
    case 'stopped':
      print(`${label}: stopped (pid ${outcome.pid}, ${durationText(outcome.tookMs)})`);
      return EXIT.ok;
    case 'not-running':
      print(`${label}: not running`);
      return EXIT.unavailable;
    case 'refused': {
      const forbidden = forbiddenBy(outcome.inspection);
      if (forbidden !== undefined) return complainOf(output, forbidden);
      const line = lineOf(outcome.inspection, host.clock.now().wallMs);
      return complain(output, COMMAND_TROUBLE.notAsked(line), EXIT.unavailable);
    }
    case 'still-there':
      return complain(
        output,
        COMMAND_TROUBLE.stillThere(label, outcome.pid, outcome.inFlight),
        EXIT.tempFail,
      );
  }
}

/** The same for one daemon: with its facts, if those are wanted. */
export function printStop(
  parts: Parts,
  label: string,
  outcome: StopOutcome,
  options: CommandOptions,
): number {
  if (options.json) parts.output.print(jsonLine({ name: label, ...stopFacts(outcome) }));
  return reportStop(parts, label, outcome, options);
}

export class StopCommand {
  constructor(private readonly parts: Parts) {}

  run(service: string | undefined, options: CommandOptions): Promise<number> {
    return withNamed(this.parts, service, options, async ({ label, place }) => {
      const outcome = await stopDaemon(this.parts, place.directory, options.timeoutMs ?? CALL_TOTAL_MS);
      return printStop(this.parts, label, outcome, options);
    });
  }
}
