/** All that a daemon runs whose name was claimed before Node began. One bundle: it needs all at once. */

import { holdBundle } from '../environment/bundle-files.js';
import * as callProcess from '../service/call-process/install.js';
import * as serving from './daemon.js';

holdBundle('serving.cjs', serving);
holdBundle('call-process.cjs', callProcess);

export { importBy } from '../service/load-service.js';
export { serve } from './serve.js';
