/** Trouble of services and of a call's streams. */

import type { Cause } from '../../ports/readings.js';
import { coded } from './complaint.js';

export const TROUBLE = /* @__PURE__ */ coded('', {
  lost: (cause: Cause) => ({
    what: `the connection to the daemon was lost after the call had begun: ${cause.message}`,
    todo: 'check whether the call was carried out before you repeat it',
  }),
  stream: (stream: string, cause: Cause) => ({
    what: `${stream} of this process failed: ${cause.message}`,
    todo: 'check where it leads',
  }),
  outdated: (label: string, wire: number) => ({
    what: `the daemon of ${label} is newer than this solod and speaks wire ${wire}`,
    todo: 'update this solod, or use another --name',
  }),
  noService: (file: string, reason: string) => ({
    what: `${file} exports no service: ${reason}`,
    todo: 'export an async function, or what defineService returns, as the default export',
  }),
  hiddenName: (file: string, name: string) => ({
    what: `${file} has its name ${name} where callers can't read it`,
    todo: "write it as a literal, first in defineService({ name: '…' })",
  }),
  hiddenVariable: (file: string, variable: string) => ({
    what: `${file} names the variable ${variable} of its environment where callers can't read it`,
    todo: "write environment: ['…'] with literals, before run, in defineService",
  }),
  hiddenWorkers: (file: string) => ({
    what: `${file} says how many workers it has where its daemon can't read it`,
    todo: "write workers: 4 or workers: 'auto', before run, in defineService",
  }),
  refused: (message: string) => ({
    what: `the system refused a call: ${message}`,
    todo: 'check what it names',
  }),
  notLoaded: (file: string, error: string) => ({
    what: `${file} does not load`,
    todo: 'fix this error',
    quote: error,
  }),
});
