/**
 * Loading this makes the command go on ignoring the signals that it was started to ignore (`nohup`, `trap '' INT`). A warm call is over
 * before that is worth its time.
 */

import { ignoredSignals } from '../../adapters/node/processes/inherited-signals.js';

for (const signal of ignoredSignals()) process.on(signal, () => {});
