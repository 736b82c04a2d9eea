#!/usr/bin/env node

/** The command's way in: a call is tried on the warm way first; what that leaves, and everything else, is loaded then. */

import { loadQuick } from './beside.js';
import { callWarm, type Opened } from './warm.js';

/** 128 and the signal's number, as shells have it. */
const INTERRUPTED = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

function main(argv: readonly string[]): void {
  const [command, ...rest] = argv;
  // Whatever timers or sockets are left at the end are nobody's any more.
  const goOn = (opened?: Opened): void =>
    void loadQuick()
      .run(argv, opened)
      .then((code) => process.exit(code));
  if (command === 'call') {
    // The end of the connection is what cancels the call, and it comes with the end of the process.
    for (const [signal, code] of Object.entries(INTERRUPTED)) process.on(signal, () => process.exit(code));
    callWarm(rest, goOn);
  } else goOn();
}

main(process.argv.slice(2));
