/** What the status line says at its end, in a few words each. */

import { describe } from 'vitest';
import { LINE_TROUBLE } from '../../../src/app/texts/status-line-text.js';
import { cause, itSays, type Says } from './says.js';

const SAYS: Says<typeof LINE_TROUBLE> = {
  argument: [
    LINE_TROUBLE.argument('--x'),
    'the status line does not take --x; give --no-color, --timeout=2s or none',
  ],
  noObject: [LINE_TROUBLE.noObject(), 'stdin holds no JSON object; give one, or nothing'],
  keys: [LINE_TROUBLE.keys(['cost', 'model.id']), 'stdin: wrong type of cost, model.id; left out'],
  endless: [LINE_TROUBLE.endless(1_000), 'stdin did not end within 1000 ms; close it'],
  tooLong: [LINE_TROUBLE.tooLong(1_048_576), 'stdin has more than 1048576 bytes; give less'],
  unread: [
    LINE_TROUBLE.unread(cause),
    "stdin can't be read: ENOSPC: no space left on device; check where it comes from",
  ],
  directory: [
    LINE_TROUBLE.directory(cause),
    "the directory can't be read: ENOSPC: no space left on device; go elsewhere",
  ],
  noGit: [
    LINE_TROUBLE.noGit(cause),
    "git can't be started: ENOSPC: no space left on device; check that it is on the PATH",
  ],
  slowGit: [LINE_TROUBLE.slowGit(500), 'git did not answer within 500 ms; try "git status"'],
  git: [LINE_TROUBLE.git('fatal: x'), 'git failed; it says: fatal: x'],
  broken: [LINE_TROUBLE.broken(cause), 'the status line failed: no space left on device; report it'],
};

describe('trouble of the status line', () => itSays(SAYS));
