#!/usr/bin/env node

/**
 * The command's way in. A call is tried on the warm way first, and whoever serves claims the name before anything else is loaded;
 * what these leave, and everything else, is loaded then.
 */

import { loadBundle } from '../environment/bundle-files.js';
import type { Opened } from '../wire/opened.js';
import { callWarm } from './warm-call.js';

const load = {
  streams: () => loadBundle<typeof import('./warm-call-streams.js')>('talk.cjs'),
  callAndKick: () => loadBundle<typeof import('./call-and-kick.js')>('quick.cjs'),
  serve: () => loadBundle<typeof import('../daemon/serve.js')>('serve.cjs'),
};

function main(argv: readonly string[]): void {
  const [command, ...rest] = argv;
  const goOn = (opened?: Opened): void =>
    end(
      opened?.kind === 'accepted' ? load.streams().talk(rest, opened) : load.callAndKick().run(argv, opened),
    );
  switch (command) {
    case 'call':
      // A signal ends this process as the system has it. That ends the connection, which cancels the call.
      callWarm(rest, goOn);
      break;
    case 'serve':
      end(load.serve().serve(rest, 'foreground') ?? load.callAndKick().run(argv));
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
