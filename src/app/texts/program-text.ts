/** Trouble with programs that know nothing of solod. */

import { causeText } from '../../domain/procedure/cause.js';
import type { Cause } from '../../ports/readings.js';
import { coded } from './complaint.js';

export const PROGRAM_TROUBLE = /* @__PURE__ */ coded('program-', {
  notServed: (label: string) => ({
    what: `nobody serves ${label}, and nothing says how to start it`,
    todo: 'say it once: solod connect --name <name> -- <program>',
  }),
  endedUnheard: (label: string, pid: number) => ({
    what: `the program of ${label} (pid ${pid}) ended before it answered`,
    todo: 'run "solod logs --name" with that name to see what it wrote',
  }),
  lost: (label: string, cause: Cause) => ({
    what: `the connection to ${label} broke: ${causeText(cause)}`,
    todo: 'connect again if it may be done twice',
  }),
});
