#!/usr/bin/env node

/**
 * Entry of the command. A call takes the warm path first, and `serve` claims its name, before anything else is loaded. All other
 * bundles are loaded when they are needed.
 */

import { loadBundle } from '../environment/bundle-files.js';
import type { Opened } from '../wire/client.js';
import { callWarm } from './warm-call.js';

/** A warm call and a kick end before anybody could send a signal. */
const keepIgnoredSignals = () => loadBundle<typeof import('./keep-ignored-signals.js')>('signals.cjs');

function main(argv: readonly string[]): void {
  const [command, ...rest] = argv;
  const callOrKick = (opened?: Opened): Promise<number> =>
    loadBundle<typeof import('./call-and-kick.js')>('call-and-kick.cjs').run(argv, opened);
  switch (command) {
    case 'call':
      // A signal has its default action. The end of the process closes the connection, and that cancels the call.
      callWarm(rest, (opened) => {
        keepIgnoredSignals();
        exitAfter(
          opened?.kind === 'accepted'
            ? loadBundle<typeof import('./warm-call-streams.js')>('warm-call-streams.cjs').talk(rest, opened)
            : callOrKick(opened),
        );
      });
      break;
    case 'serve':
      exitAfter(
        loadBundle<typeof import('../daemon/serve.js')>('serve.cjs').serve(rest, 'foreground') ??
          callOrKick(),
      );
      break;
    case 'share':
      exitAfter(
        loadBundle<typeof import('../commands/share/share-command.js')>('sharing.cjs')
          .runShare(rest)
          .then((code) => (code === 'malformed' ? callOrKick() : code)),
      );
      break;
    default:
      if (command !== 'kick') keepIgnoredSignals();
      exitAfter(callOrKick());
  }
}

/** Timers and sockets that are left then don't keep the process alive. */
function exitAfter(exitCode: Promise<number>): void {
  void exitCode.then((code) => process.exit(code));
}

main(process.argv.slice(2));
