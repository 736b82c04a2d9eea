/** Trouble of services and streams, in one sentence each. */

import { describe } from 'vitest';
import { TROUBLE } from '../../../src/app/texts/runtime-text.js';
import { cause, itSays, type Says } from './says.js';

const SAYS: Says<typeof TROUBLE> = {
  lost: [
    TROUBLE.lost(cause),
    'the connection to the daemon was lost after the call had begun: no space left on device; check whether the call was carried out before you repeat it',
  ],
  stream: [
    TROUBLE.stream('stdout', cause),
    'stdout of this process failed: no space left on device; check where it leads',
  ],
  outdated: [
    TROUBLE.outdated('x', 2),
    'the daemon of x is newer than this solod and speaks wire 2; update this solod, or use another --name',
  ],
  noService: [
    TROUBLE.noService('/s.mjs', 'the default export is a string'),
    '/s.mjs exports no service: the default export is a string; export an async function, or what defineService returns, as the default export',
  ],
  hiddenName: [
    TROUBLE.hiddenName('/s.mjs', 'x'),
    "/s.mjs has its name x where callers can't read it; write it as a literal, first in defineService({ name: '…' })",
  ],
  hiddenVariable: [
    TROUBLE.hiddenVariable('/s.mjs', 'TOKEN'),
    "/s.mjs names the variable TOKEN of its environment where callers can't read it; write environment: ['…'] with literals, before run, in defineService",
  ],
  hiddenWorkers: [
    TROUBLE.hiddenWorkers('/s.mjs'),
    "/s.mjs says how many workers it has where its daemon can't read it; write workers: 4 or workers: 'auto', before run, in defineService",
  ],
  refused: [
    TROUBLE.refused('EIO: i/o error, read'),
    'the system refused a call: EIO: i/o error, read; check what it names',
  ],
  notLoaded: [TROUBLE.notLoaded('/s.mjs', 'Error: x'), '/s.mjs does not load; fix this error: Error: x'],
};

describe('trouble of a service or a stream', () => itSays(SAYS));
