/** What a started daemon runs. It is told everything on its command line. */

import { loadServe } from '../beside.js';
import { EXIT } from '../exit-codes.js';
import { readQuickly } from '../options.js';

const quick = readQuickly('serve', process.argv.slice(2));
void (quick === undefined ? Promise.resolve(EXIT.usage) : loadServe().serve(quick, 'background')).then(
  (code) => process.exit(code),
);
