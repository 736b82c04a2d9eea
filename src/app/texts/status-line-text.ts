/** What the status line says at its end when something is wrong. There is room for a few words. */

import { causeText } from '../../domain/procedure/cause.js';
import type { Cause } from '../../ports/readings.js';
import { type Complaints, coded } from './complaint.js';

export const LINE_TROUBLE = coded('line-', {
  argument: (text: string) => ({
    what: `the status line does not take ${text}`,
    todo: 'give --no-color, --timeout=2s or none',
  }),
  noObject: () => ({ what: 'stdin holds no JSON object', todo: 'give one, or nothing' }),
  keys: (keys: readonly string[]) => ({ what: `stdin: wrong type of ${keys.join(', ')}`, todo: 'left out' }),
  endless: (ms: number) => ({ what: `stdin did not end within ${ms} ms`, todo: 'close it' }),
  tooLong: (bytes: number) => ({ what: `stdin has more than ${bytes} bytes`, todo: 'give less' }),
  unread: (cause: Cause) => ({
    what: `stdin can't be read: ${causeText(cause)}`,
    todo: 'check where it comes from',
  }),
  directory: (cause: Cause) => ({
    what: `the directory can't be read: ${causeText(cause)}`,
    todo: 'go elsewhere',
  }),
  noGit: (cause: Cause) => ({
    what: `git can't be started: ${causeText(cause)}`,
    todo: 'check that it is on the PATH',
  }),
  slowGit: (ms: number) => ({ what: `git did not answer within ${ms} ms`, todo: 'try "git status"' }),
  git: (said: string) => ({ what: 'git failed', todo: 'it says', quote: said }),
  broken: (cause: Cause) => ({ what: `the status line failed: ${cause.message}`, todo: 'report it' }),
} as const satisfies Complaints);
