/** Trouble of the commands that look at daemons, in one sentence each. */

import { describe } from 'vitest';
import { COMMAND_TROUBLE } from '../../../src/app/texts/command-text.js';
import { cause, itSays, type Says } from './says.js';

const SAYS: Says<typeof COMMAND_TROUBLE> = {
  notAsked: [
    COMMAND_TROUBLE.notAsked('x: not answering'),
    'can\'t be asked to stop: x: not answering; try again; "solod restart --force" ends a daemon that does not answer',
  ],
  stillThere: [
    COMMAND_TROUBLE.stillThere('x', 7, 2),
    'x (pid 7) was asked to stop and is still finishing its work (calls in flight: 2); wait longer with --timeout',
  ],
  neverStarted: [
    COMMAND_TROUBLE.neverStarted('x'),
    'x was never started, so nothing says how; give its service file, or start its program with solod connect',
  ],
  noLog: [
    COMMAND_TROUBLE.noLog('x', '/d/log'),
    'x has no log /d/log: nothing was started under that name, or a service manager keeps its output; look there, or start it',
  ],
  noLogYet: [
    COMMAND_TROUBLE.noLogYet('x', '/d/log'),
    'x has no log /d/log yet; waiting for it; press Ctrl-C to end',
  ],
  noStarts: [
    COMMAND_TROUBLE.noStarts('x', '/d/spawns.jsonl'),
    'no start of x is recorded in /d/spawns.jsonl; run "solod ls" to see which daemons there are',
  ],
  noLanes: [
    COMMAND_TROUBLE.noLanes('x'),
    'no process was ever started for x, so there is nothing to draw; run "solod spawns" without --svg to see what was refused',
  ],
  notDrawn: [
    COMMAND_TROUBLE.notDrawn('/d/x.svg', cause),
    "/d/x.svg can't be written: ENOSPC: no space left on device; name another file with --svg",
  ],
};

describe('trouble of a command', () => itSays(SAYS));
