/**
 * What starts a daemon, left in the directory of its name for clients that are no Node and load no service: the program and its
 * arguments, a NUL after each, so that nobody needs a parser and no shell sees it. Whatever goes wrong with it is passed over:
 * a client that finds none asks Node.
 */

import { chmodSync, existsSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { layout, nonceOf } from '../../../domain/place/layout.js';
import { tailOf } from './appended-file.js';

export function launchText(command: readonly string[]): string {
  return command.map((part) => `${part}\0`).join('');
}

/** Written in one piece: a client that reads it meanwhile gets the one before, or this one. */
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

export function hasLaunchFile(directory: string): boolean {
  return existsSync(layout.launch(directory));
}
