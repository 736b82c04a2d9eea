/**
 * The launch file: the program that starts a daemon and its arguments, with a NUL after each. It lies in the
 * directory of the name, for clients that are not Node. They need no parser and no shell. A daemon leaves it
 * when it is ready, and a caller for a program that knows nothing of it, when it has answered: what never
 * served must not be started again by way of it. Errors are ignored: a client that finds none asks Node.
 */

import { chmodSync, existsSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { layout, nonceOf } from '../../../domain/place/layout.js';
import { tailOf } from './appended-file.js';

export function launchText(command: readonly string[]): string {
  return command.map((part) => `${part}\0`).join('');
}

export const hasLaunchFile = (directory: string): boolean => existsSync(layout.launch(directory));

/** Replaces the file in one step: a client that reads meanwhile gets the old one or the new one. */
export function leaveLaunchFile(directory: string, command: readonly string[]): void {
  const path = layout.launch(directory);
  const text = launchText(command);
  if (text === tailOf(path, 0, 4 * text.length)) return;
  const own = layout.privateLaunch(directory, nonceOf(process.pid, 'launch'));
  const isLeft = succeeds(() => {
    writeFileSync(own, text, { mode: 0o600, flag: 'wx' });
    chmodSync(own, 0o600);
    renameSync(own, path);
  });
  if (!isLeft) succeeds(() => unlinkSync(own));
}

function succeeds(act: () => void): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}
