/** Entry of a daemon that was started in the background. Its command line says everything. */

import { loadBundle } from '../environment/bundle-files.js';
import { EXIT } from '../environment/exit-codes.js';
import { tellWhatIsMissing } from '../environment/missing-bundle.js';
import { CLAIMED_IN_VARIABLE } from './start/claim-variables.js';
import { loadKept } from './start/kept-code.js';

// The native client has set alarm(2), for a Node that never comes to this statement.
if (process.env[CLAIMED_IN_VARIABLE] !== undefined) process.once('SIGALRM', () => {});
tellWhatIsMissing();
const argv = process.argv.slice(2);
/** Others say of V8's code that they have it, and don't. */
const isNode = process.versions.bun === undefined && process.versions.deno === undefined;
/** As the starter writes it. */
const KEEPS_NOTHING = '--compile-cache=off';

function serve(): Promise<number> | undefined {
  const directory = process.env[CLAIMED_IN_VARIABLE];
  if (directory === undefined)
    return loadBundle<typeof import('./serve.js')>('serve.cjs').serve(argv, 'background');
  const keeps = isNode && !argv.includes(KEEPS_NOTHING);
  const from = keeps ? directory : undefined;
  const kept = loadKept<typeof import('./claimed-entry.js')>('claimed.cjs', from, require);
  // What V8 has compiled by itself may not import.
  kept.exports.importBy((url) => import(url));
  return kept.exports.serve(argv, 'background', keeps ? kept.code : undefined);
}

void (serve() ?? Promise.resolve(EXIT.usage)).then((code) => process.exit(code));
