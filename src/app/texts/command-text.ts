/** Trouble of the commands that look at daemons, or stop them. */

import { causeText } from '../../domain/procedure/cause.js';
import type { Cause } from '../../ports/readings.js';
import { coded } from './complaint.js';

const callsText = (inFlight: number | undefined): string =>
  inFlight === undefined ? '' : ` (calls in flight: ${inFlight})`;

export const COMMAND_TROUBLE = /* @__PURE__ */ coded('command-', {
  notAsked: (status: string) => ({
    what: `can't be asked to stop: ${status}`,
    todo: 'try again; "solod restart --force" ends a daemon that does not answer',
  }),
  stillThere: (label: string, pid: number, inFlight: number | undefined) => ({
    what: `${label} (pid ${pid}) was asked to stop and is still finishing its work${callsText(inFlight)}`,
    todo: 'wait longer with --timeout',
  }),
  neverStarted: (label: string) => ({
    what: `${label} was never started, so nothing says how`,
    todo: 'give its service file, or start its program with solod connect',
  }),
  noLog: (label: string, file: string) => ({
    what: `${label} has no log ${file}: nothing was started under that name, or a service manager keeps its output`,
    todo: 'look there, or start it',
  }),
  noLogYet: (label: string, file: string) => ({
    what: `${label} has no log ${file} yet`,
    todo: 'waiting for it; press Ctrl-C to end',
  }),
  noStarts: (label: string, file: string) => ({
    what: `no start of ${label} is recorded in ${file}`,
    todo: 'run "solod ls" to see which daemons there are',
  }),
  noLanes: (label: string) => ({
    what: `no process was ever started for ${label}, so there is nothing to draw`,
    todo: 'run "solod spawns" without --svg to see what was refused',
  }),
  notDrawn: (file: string, cause: Cause) => ({
    what: `${file} can't be written: ${causeText(cause)}`,
    todo: 'name another file with --svg',
  }),
});
