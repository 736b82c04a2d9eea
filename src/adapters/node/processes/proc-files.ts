/** Files and links of /proc. Where one can't be read, or there is no /proc, nothing is known. */

import { readFileSync } from 'node:fs';

type Read = (path: string, encoding: 'latin1') => string;

/**
 * @param read readlinkSync tells where a link leads
 * @returns a character a byte; empty if it can't be read
 */
export function textOf(path: string, read: Read = readFileSync): string {
  try {
    return read(path, 'latin1');
  } catch {
    return '';
  }
}

export const readBoot = (): string => textOf('/proc/sys/kernel/random/boot_id').trim();

/**
 * Fields of proc_pid_stat(5) from the third, the state. The command name before them, in parentheses, may
 * hold anything.
 */
export const statFields = (stat: string): readonly string[] =>
  stat.slice(stat.lastIndexOf(')') + 2).split(' ');
