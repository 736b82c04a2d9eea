/**
 * Loading this makes the command ignore the signals that it was started to ignore (`nohup`, `trap '' INT`).
 */

import { ignoredSignals } from '../platforms/node-platform.js';

for (const signal of ignoredSignals()) process.on(signal, () => {});
