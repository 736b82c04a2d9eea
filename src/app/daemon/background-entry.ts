/** Entry of a daemon that was started in the background. Its command line says everything. */

import { loadBundle } from '../environment/bundle-files.js';
import { EXIT } from '../environment/exit-codes.js';

const serving = loadBundle<typeof import('./serve.js')>('serve.cjs').serve(
  process.argv.slice(2),
  'background',
);
void (serving ?? Promise.resolve(EXIT.usage)).then((code) => process.exit(code));
