#!/usr/bin/env node

/**
 * The command's way in. A call is tried on the warm way first, and whoever serves claims the name before anything else is loaded;
 * what these leave, and everything else, is loaded then.
 */

import { loadBundle } from '../environment/bundle-files.js';
import type { Opened } from '../wire/opened.js';
import { callWarm } from './warm-call.js';

/** 128 and the signal's number, as shells have it. */
const INTERRUPTED = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

const load = {
  streams: () => loadBundle<typeof import('./warm-call-streams.js')>('talk.cjs'),
  callAndKick: () => loadBundle<typeof import('./call-and-kick.js')>('quick.cjs'),
  serve: () => loadBundle<typeof import('../daemon/serve.js')>('serve.cjs'),
  share: () => loadBundle<typeof import('../share/share-command.js')>('sharing.cjs'),
};

function main(argv: readonly string[]): void {
  const [command, ...rest] = argv;
  const goOn = (opened?: Opened): void =>
    end(
      opened?.kind === 'accepted' ? load.streams().talk(rest, opened) : load.callAndKick().run(argv, opened),
    );
  switch (command) {
    case 'call':
      // The end of the connection is what cancels the call, and it comes with the end of the process.
      for (const [signal, code] of Object.entries(INTERRUPTED)) process.on(signal, () => process.exit(code));
      callWarm(rest, goOn);
      break;
    case 'serve':
      end(load.serve().serve(rest, 'foreground') ?? load.callAndKick().run(argv));
      break;
    case 'share':
      end(load.share().runShare(rest));
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
