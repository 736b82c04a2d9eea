/** What a started daemon runs. It is told everything on its command line. */

import { loadServe } from '../beside.js';
import { EXIT } from '../exit-codes.js';

const serving = loadServe().serve(process.argv.slice(2), 'background');
void (serving ?? Promise.resolve(EXIT.usage)).then((code) => process.exit(code));
