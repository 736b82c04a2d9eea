#!/usr/bin/env node

/**
 * The command's way in. A call is tried on the warm way first, and whoever serves claims the name before anything else is loaded;
 * what these leave, and everything else, is loaded then.
 */

import { loadQuick, loadServe, loadTalk } from './beside.js';
import { callWarm, type Opened } from './warm.js';

/** 128 and the signal's number, as shells have it. */
const INTERRUPTED = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

function main(argv: readonly string[]): void {
  const [command, ...rest] = argv;
  const goOn = (opened?: Opened): void =>
    end(opened?.kind === 'accepted' ? loadTalk().talk(rest, opened) : loadQuick().run(argv, opened));
  switch (command) {
    case 'call':
      // The end of the connection is what cancels the call, and it comes with the end of the process.
      for (const [signal, code] of Object.entries(INTERRUPTED)) process.on(signal, () => process.exit(code));
      callWarm(rest, goOn);
      break;
    case 'serve':
      end(loadServe().serve(rest, 'foreground') ?? loadQuick().run(argv));
      break;
    default:
      goOn();
  }
}

/** Whatever timers or sockets are left then are nobody's any more. */
function end(exitCode: Promise<number>): void {
  void exitCode.then((code) => process.exit(code));
}

main(process.argv.slice(2));
