/** Which of the process's own streams are terminals. The warm call asks too (`warm.ts`): nothing heavy is imported here. */

import { fstatSync } from 'node:fs';

/** Which of the caller's three streams are terminals. */
export type Terminals = readonly [stdin: boolean, stdout: boolean, stderr: boolean];

export const terminals = (): Terminals => [isTerminal(0), isTerminal(1), isTerminal(2)];

/** The character devices that are memory, `/dev/null` among them (Linux, admin-guide/devices.txt): no terminals, at no cost. */
const MEMORY_DEVICES = 1;

export function isTerminal(descriptor: number): boolean {
  try {
    const { rdev, mode } = fstatSync(descriptor);
    const isDevice = (mode & 0o170000) === 0o020000 && rdev >> 8 !== MEMORY_DEVICES;
    return isDevice && process.getBuiltinModule('node:tty').isatty(descriptor);
  } catch {
    return false;
  }
}
