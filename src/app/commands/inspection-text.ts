/** What was seen of a daemon, as `--json` prints it and as a line for people. */

import path from 'node:path';
import type { Owner } from '../../domain/evidence/owner.js';
import type { Failure } from '../../domain/failure.js';
import { codeFor } from '../../domain/text/error-code.js';
import { printableLine } from '../../domain/text/printable.js';
import { durationText } from '../texts/duration.js';
import type { DaemonStatus } from '../wire/daemon-status.js';
import type { Inspection } from './daemon-inspector.js';

/** @returns a failure that names what keeps this process from the daemon, if the system forbids that */
export const forbiddenBy = (inspection: Inspection): Failure | undefined =>
  inspection.kind === 'not-answering' ? inspection.forbidden : undefined;

/** The kind of the inspection, and what is known. A daemon's numbers are left to `stats`. */
export function factsOf(inspection: Inspection): object {
  const { kind, directory } = inspection;
  switch (inspection.kind) {
    case 'answered': {
      const { numbers: _, ...status } = inspection.status;
      return { kind, directory, ...status };
    }
    case 'not-answering': {
      const { owner, cause, forbidden, activity } = inspection;
      const code = codeFor(forbidden?.kind ?? kind);
      return { kind, directory, owner: owner ?? null, cause, activity, code };
    }
    case 'other-wire':
      return { kind, directory, owner: inspection.owner ?? null };
    case 'not-running':
      return { kind, directory };
  }
}

/** @param wallMs the present time, in milliseconds since 1970 */
export const lineOf = (inspection: Inspection, wallMs: number): string =>
  printableLine(textOf(inspection, wallMs));

function textOf(inspection: Inspection, wallMs: number): string {
  const label = path.basename(inspection.directory);
  switch (inspection.kind) {
    case 'answered': {
      const { name, generation, calls, inFlight, service } = inspection.status;
      const { state, pid, up, memory } = shown(inspection.status, wallMs);
      const work = `${calls} calls, ${inFlight} in flight${workersText(inspection.status)}`;
      return `${name}: ${state}, ${pid}, generation ${generation}, ${up}, ${work}, ${memory}, ${service}`;
    }
    case 'not-answering': {
      const { owner, cause, forbidden, activity } = inspection;
      const stopped = activity === 'stopped' ? ['its process is stopped; "kill -CONT" resumes it'] : [];
      const why = forbiddenText(forbidden) + cause.message;
      const facts = [why, ...runningText(owner, wallMs), ...stopped];
      return `${owner?.name ?? label}: not answering${pidText(owner)} (${facts.join('; ')})`;
    }
    case 'other-wire':
      return otherWireText(label, inspection.owner, wallMs);
    case 'not-running':
      return `${label}: not running`;
  }
}

/** Stands before what the system said. */
function forbiddenText(forbidden: Failure | undefined): string {
  if (forbidden === undefined) return '';
  return forbidden.kind === 'sockets-forbidden'
    ? 'a sandbox forbids Unix sockets: '
    : 'this process may not enter its directory: ';
}

function otherWireText(label: string, owner: Owner | undefined, wallMs: number): string {
  const running = `${owner?.name ?? label}: running${pidText(owner)}`;
  if (owner?.program !== true) return `${running}, with a protocol of its own`;
  return `${running}, up ${durationText(uptimeMs(owner, wallMs))}, ${owner.service}`;
}

function workersText({ workers }: DaemonStatus): string {
  return workers === undefined ? '' : `, ${workers.busy} of ${workers.count} workers busy`;
}

/** Those parts of a status that `status` and `stats` show alike. */
export function shown(status: DaemonStatus, wallMs: number) {
  return {
    state: status.state,
    pid: `pid ${status.pid}`,
    up: `up ${durationText(uptimeMs(status, wallMs))}`,
    memory: `${Math.round(status.residentBytes / 2 ** 20)} MiB`,
  };
}

export const uptimeMs = ({ startedMs }: Pick<DaemonStatus, 'startedMs'>, wallMs: number): number =>
  Math.max(0, wallMs - startedMs);

const pidText = (owner: Owner | undefined): string => (owner === undefined ? '' : `, pid ${owner.pid}`);

/** How long it has been running. Since when it is silent, only the daemon itself could know. */
function runningText(owner: Owner | undefined, wallMs: number): readonly string[] {
  return owner !== undefined && owner.startedMs > 0
    ? [`running for ${durationText(uptimeMs(owner, wallMs))}`]
    : [];
}
