/**
 * Which of the process's own streams are terminals. The warm call loads this file too (`warm-call.ts`): it
 * imports nothing heavy.
 */

import { fstatSync } from 'node:fs';

/** Whether a stream is a terminal; for an output perhaps with its columns and rows. */
export type Terminal = boolean | `${number}x${number}`;

/** Which of the caller's three streams are terminals. */
export type Terminals = readonly [stdin: Terminal, stdout: Terminal, stderr: Terminal];

export const terminals = (): Terminals => [isTerminal(0), outputOf(1), outputOf(2)];

function outputOf(descriptor: number): Terminal {
  if (!isTerminal(descriptor)) return false;
  const { columns, rows } = new (process.getBuiltinModule('node:tty').WriteStream)(descriptor);
  return columns > 0 ? `${columns}x${rows}` : true;
}

/**
 * Major number of memory devices such as `/dev/null` (Linux, admin-guide/devices.txt). They are recognised
 * without loading `tty`.
 */
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
