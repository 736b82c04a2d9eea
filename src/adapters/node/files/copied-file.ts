import { constants, copyFileSync } from 'node:fs';
import { causeOf } from '../../errno.js';

/** What is there already stays; what can't be copied is left out. */
export function copyFile(from: string, to: string): void {
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL);
  } catch (error) {
    // Only a bug is thrown.
    causeOf(error);
  }
}
