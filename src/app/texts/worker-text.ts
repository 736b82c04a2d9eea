/** Trouble of workers, as the caller of the call is told. */

import type { WorkerEnd } from '../../ports/worker-process.js';
import { type Complaint, coded } from './complaint.js';

const OTHERS = 'fix the service; other calls are not affected';

export const WORKER_TROUBLE = /* @__PURE__ */ coded('worker-', {
  ended,
  tooManyWait: (waiting: number) => ({
    what: `${waiting} calls wait for a worker already`,
    todo: 'call again later, or raise --workers',
  }),
  noWorker: (trouble: string) => ({
    what: 'no worker of the daemon comes up',
    todo: 'fix this error, and the next call tries again',
    quote: trouble,
  }),
  notBegun: () => ({
    what: 'the daemon ended before this call began',
    todo: 'call again',
  }),
});

/** @param lastWords the end of what the worker wrote on stderr */
function ended(end: WorkerEnd, lastWords: string, heapBytes: number | undefined): Complaint {
  if (/heap out of memory/.test(lastWords)) {
    const limit = heapBytes === undefined ? '' : ` of ${Math.round(heapBytes / 2 ** 20)} MiB`;
    return {
      what: `this call used up the heap${limit} of its worker`,
      todo: 'raise --worker-heap, or fix the service; other calls are not affected',
    };
  }
  if (end.signal !== undefined)
    return { what: `the worker of this call was ended by ${end.signal}`, todo: OTHERS };
  return { what: `the worker of this call ended with exit code ${end.code ?? '?'}`, todo: OTHERS };
}
