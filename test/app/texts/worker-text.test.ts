import { expect, it } from 'vitest';
import { textOf } from '../../../src/app/texts/complaint.js';
import { WORKER_TROUBLE } from '../../../src/app/texts/worker-text.js';
import { itSays, type Says } from './says.js';

const signal = (name: string) => ({ code: undefined, signal: name });

const SAYS: Says<typeof WORKER_TROUBLE> = {
  ended: [
    WORKER_TROUBLE.ended(signal('SIGSEGV'), '', undefined),
    'the worker of this call was ended by SIGSEGV; fix the service; other calls are not affected',
  ],
  tooManyWait: [
    WORKER_TROUBLE.tooManyWait(10_000),
    '10000 calls wait for a worker already; call again later, or raise --workers',
  ],
  noWorker: [
    WORKER_TROUBLE.noWorker('it broke'),
    'no worker of the daemon comes up; fix this error, and the next call tries again: it broke',
  ],
  notBegun: [WORKER_TROUBLE.notBegun(), 'the daemon ended before this call began; call again'],
};

itSays(SAYS);

it('a heap that is used up is told by the last words of V8', () => {
  const words = 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory';
  expect(textOf(WORKER_TROUBLE.ended(signal('SIGABRT'), words, 64 * 2 ** 20))).toBe(
    'this call used up the heap of 64 MiB of its worker; raise --worker-heap, or fix the service; other calls are not affected',
  );
  expect(WORKER_TROUBLE.ended(signal('SIGABRT'), words, undefined).what).toBe(
    'this call used up the heap of its worker',
  );
});

it('a worker that exits has a code', () => {
  expect(WORKER_TROUBLE.ended({ code: 9, signal: undefined }, '', undefined).what).toBe(
    'the worker of this call ended with exit code 9',
  );
});
