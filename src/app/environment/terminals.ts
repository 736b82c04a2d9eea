/** Which of the process's own streams are terminals. The warm call loads this file too (`warm-call.ts`): it imports nothing heavy. */

import { fstatSync } from 'node:fs';

/** Which of the caller's three streams are terminals. */
export type Terminals = readonly [stdin: boolean, stdout: boolean, stderr: boolean];

export const terminals = (): Terminals => [isTerminal(0), isTerminal(1), isTerminal(2)];

/** Major number of memory devices such as `/dev/null` (Linux, admin-guide/devices.txt). They are recognised without loading `tty`. */
const MEMORY_DEVICES = 1;

function isTerminal(descriptor: number): boolean {
  try {
    const { rdev, mode } = fstatSync(descriptor);
    const isDevice = (mode & 0o170000) === 0o020000 && rdev >> 8 !== MEMORY_DEVICES;
    return isDevice && process.getBuiltinModule('node:tty').isatty(descriptor);
  } catch {
    return false;
  }
}
