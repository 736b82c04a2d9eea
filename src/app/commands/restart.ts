/** `solod restart`: ends the daemon of a name and starts another. */

import type { Failure } from '../../domain/failure.js';
import { CALL_TOTAL_MS } from '../../domain/lock/timing.js';
import { EXIT } from '../environment/exit-codes.js';
import { resolveSettled } from '../library/daemon-request.js';
import { invalid } from '../library/daemon-target.js';
import { obtainAnew } from '../library/obtain-daemon.js';
import { terminate } from '../library/stop-hung-daemon.js';
import type { CommandOptions } from '../options/option-table.js';
import { type LaunchedRequest, launchedRequest } from '../programs/launched-request.js';
import { COMMAND_TROUBLE } from '../texts/command-text.js';
import { durationText } from '../texts/duration.js';
import { USAGE } from '../texts/usage-text.js';
import { complain, complainOf, type Parts, printAs } from './command-parts.js';
import { printStop, type StopOutcome, stopDaemon } from './stop.js';

/** With `--force`, a daemon that says nothing for that long after it was asked to end counts as hung. */
const FORCE_AFTER_MS = 2_000;

type RestartEnd =
  | StopOutcome
  | { readonly kind: 'ended'; readonly pid: number }
  | Extract<Failure, { readonly kind: 'not-ended' }>;

export class RestartCommand {
  constructor(private readonly parts: Parts) {}

  async run(service: string | undefined, options: CommandOptions): Promise<number> {
    const { host, output } = this.parts;
    const totalMs = options.timeoutMs ?? CALL_TOTAL_MS;
    const request = this.#request(service, options, totalMs);
    if (request.kind === 'failed') return complainOf(output, request.failure);
    if (request.kind === 'unknown')
      return complain(output, COMMAND_TROUBLE.neverStarted(request.target.label), EXIT.unavailable);
    const { label, place } = request.value.target;
    output.progress(`ending ${label} …`);
    const stopped = await this.#end(place.directory, totalMs, options);
    if (stopped.kind === 'refused' || stopped.kind === 'still-there')
      return printStop(this.parts, label, stopped, options);
    if (stopped.kind === 'not-ended') return complainOf(output, stopped);
    output.progress(`starting ${label} …`);
    const result = await obtainAnew(host, request.value);
    if (result.kind === 'failed') return complainOf(output, result.failure);
    const { connection, ...facts } = result;
    connection?.destroy();
    const before = stopped.kind === 'not-running' ? null : stopped.pid;
    const line = `${facts.kind} (pid ${facts.owner?.pid ?? '?'}, ${durationText(facts.tookMs)})`;
    const text = `${label}: ${line}; before: ${before === null ? 'not running' : `pid ${before}`}\n`;
    printAs(output, options, { name: label, ...facts, before }, text);
    return EXIT.ok;
  }

  /** By its name alone, a daemon is started as it was before. */
  #request(service: string | undefined, options: CommandOptions, totalMs: number): LaunchedRequest {
    const { host } = this.parts;
    const { name } = options;
    if (service !== undefined) return resolveSettled({ ...options, service }, host, { totalMs });
    if (name === undefined) return invalid(USAGE.noService());
    return launchedRequest(host, { ...options, name, timing: { totalMs } });
  }

  /** Asks the daemon to end. A hung one is ended only with `--force`, and with proof that it is the one. */
  async #end(directory: string, withinMs: number, { force }: CommandOptions): Promise<RestartEnd> {
    const stopped = await stopDaemon(this.parts, directory, force ? FORCE_AFTER_MS : withinMs);
    const isHung =
      stopped.kind === 'refused'
        ? stopped.inspection.kind === 'not-answering'
        : stopped.kind === 'still-there' && stopped.inFlight === undefined;
    if (!force || !isHung) return stopped;
    const outcome = await terminate(this.parts.host, directory);
    switch (outcome.kind) {
      case 'ended':
        return { kind: 'ended', pid: outcome.pid };
      case 'gone':
        return { kind: 'not-running' };
      case 'unproven':
      case 'refused':
      case 'still-there':
        return { kind: 'not-ended', directory, outcome };
    }
  }
}
