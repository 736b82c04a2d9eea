/** `solod spawns`: every start for a name, with why, by whom, how it ended, and if the next is held back. */

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { causeOf } from '../../../adapters/errno.js';
import { judgeStart, type StartVerdict } from '../../../domain/lifecycle/crash-loop-breaker.js';
import {
  type Chronicle,
  type Lane,
  laneOf,
  type Refused,
  type Told as ToldStart,
} from '../../../domain/lifecycle/start-history.js';
import { EXIT } from '../../environment/exit-codes.js';
import { resolveRequest } from '../../library/daemon-request.js';
import type { Target } from '../../library/daemon-target.js';
import type { CommandOptions } from '../../options/option-table.js';
import { dateText, timeText } from '../../texts/clock-text.js';
import { COMMAND_TROUBLE } from '../../texts/command-text.js';
import { durationText } from '../../texts/duration.js';
import { USAGE } from '../../texts/usage-text.js';
import { complain, jsonLine, type Parts } from '../command-parts.js';
import { withNamed } from '../named-daemon.js';
import { firstLine, outcomeText, reasonText } from './start-text.js';
import { timelineSvg } from './timeline-svg.js';

/** The most lanes in a picture: with more it can't be read. */
const LANES_MAX = 60;

interface Told {
  readonly target: Target;
  /** The ledger. */
  readonly file: string;
  readonly chronicle: Chronicle;
  readonly verdict: StartVerdict;
  readonly wallMs: number;
}

export class SpawnsCommand {
  constructor(private readonly parts: Parts) {}

  run(service: string | undefined, options: CommandOptions): Promise<number> {
    return withNamed(this.parts, service, options, (target) => {
      const { output } = this.parts;
      if (options.json && options.svg !== undefined) return complain(output, USAGE.apart('--json', '--svg'));
      const told = this.#read(target, service, options);
      if (options.json) {
        output.print(jsonLine(factsOf(told)));
        return EXIT.ok;
      }
      const { starts, refused } = told.chronicle;
      if (starts.length + refused.length === 0)
        return complain(output, COMMAND_TROUBLE.noStarts(target.label, told.file), EXIT.unavailable);
      return options.svg === undefined ? this.#print(told) : this.#draw(told, options.svg);
    });
  }

  #read(target: Target, service: string | undefined, options: CommandOptions): Told {
    const { host } = this.parts;
    const ledger = host.ledger(target.place.directory);
    const now = host.clock.now();
    const chronicle = ledger.chronicle(now.wallMs);
    const build = this.#build(service, options) ?? chronicle.starts.findLast(isOurs)?.build ?? '';
    const verdict = judgeStart(ledger.starts(), build, now);
    return { target, file: ledger.path, chronicle, verdict, wallMs: now.wallMs };
  }

  /** What would be started now: only failures of the same build hold it back. */
  #build(service: string | undefined, options: CommandOptions): string | undefined {
    if (service === undefined) return undefined;
    const request = resolveRequest({ ...options, service }, this.parts.host, {});
    return request.kind === 'resolved' ? request.value.spawn.build() : undefined;
  }

  #print(told: Told): number {
    this.parts.output.print(
      linesOf(told)
        .map((line) => `${line}\n`)
        .join(''),
    );
    return EXIT.ok;
  }

  #draw(told: Told, file: string): number {
    const { output } = this.parts;
    const lanes = told.chronicle.starts.slice(-LANES_MAX).map((start) => laneOf(start, told.wallMs));
    if (lanes.length === 0) {
      return complain(output, COMMAND_TROUBLE.noLanes(told.target.label), EXIT.unavailable);
    }
    const left = told.chronicle.starts.length - lanes.length;
    const title = `${told.target.label}: ${left > 0 ? `the latest ${lanes.length} starts` : 'starts'} until ${dateText(told.wallMs)} ${timeText(told.wallMs)}`;
    const svg = timelineSvg({ title, verdict: verdictText(told.verdict), lanes });
    if (file === '-') {
      output.print(svg);
      return EXIT.ok;
    }
    try {
      writeFileSync(file, svg);
    } catch (error) {
      return complain(output, COMMAND_TROUBLE.notDrawn(path.resolve(file), causeOf(error)), EXIT.cantCreate);
    }
    output.print(`wrote ${path.resolve(file)}\n`);
    return EXIT.ok;
  }
}

/** A start by hand, or by a service manager, is not held back and holds back no other. */
const isOurs = ({ reason }: ToldStart): boolean => reason !== undefined;

function factsOf({ target, chronicle, verdict, wallMs }: Told): object {
  const starts = chronicle.starts.map((start) => ({ ...start, outcome: laneOf(start, wallMs).outcome }));
  return {
    name: target.label,
    directory: target.place.directory,
    starts,
    refused: chronicle.refused,
    verdict,
  };
}

function linesOf({ chronicle, verdict, wallMs, target }: Told): readonly string[] {
  const starts = chronicle.starts.map((start) => ({ atMs: start.startedMs, text: startText(start, wallMs) }));
  const refused = chronicle.refused.map((entry) => ({ atMs: entry.atMs, text: refusedText(entry) }));
  const all = [...starts, ...refused].sort((a, b) => a.atMs - b.atMs);
  const lines = all.map(({ atMs, text }) => `${dateText(atMs)} ${timeText(atMs)}  ${text}`);
  return [...lines, `${target.label}: ${verdictText(verdict)}`];
}

function startText(start: ToldStart, wallMs: number): string {
  const lane = laneOf(start, wallMs);
  const told = [...stagesOf(lane, start.startedMs), endText(lane, start.startedMs)];
  return `${lane.pid}  ${reasonText(lane)}: ${told.join(', ')}`;
}

function stagesOf({ claimed, readyMs }: Lane, startedMs: number): readonly string[] {
  const after = (ms: number): string => durationText(Math.max(0, ms - startedMs));
  return [
    ...(claimed === undefined
      ? []
      : [`claimed generation ${claimed.generation} after ${after(claimed.atMs)}`]),
    ...(readyMs === undefined ? [] : [`ready after ${after(readyMs)}`]),
  ];
}

function endText({ outcome, atMs }: Lane, startedMs: number): string {
  const said = outcomeText(outcome);
  const long = durationText(Math.max(0, atMs - startedMs));
  switch (outcome.kind) {
    case 'open':
      return `${said} for ${long}`;
    case 'gone':
      return `${said} by ${timeText(atMs)}`;
    case 'gave-way':
    case 'failed':
    case 'ended':
      return `after ${long} ${said}`;
  }
}

const refusedText = (entry: Refused): string =>
  `?  ${reasonText(entry)}: no process could be started: ${entry.message}`;

function verdictText(verdict: StartVerdict): string {
  if (verdict.kind === 'allowed') return 'the next start is not held back';
  const { failures, untilMs, waitMs, message } = verdict;
  const when = `held back until ${timeText(untilMs)} (${durationText(waitMs)})`;
  return `the next start is ${when}, because ${failures} failed in a row; the last one with: ${firstLine(message)}`;
}
