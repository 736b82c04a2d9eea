/** The real environment, working directory and umask of a worker: the caller's while a call runs. */

import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CLIENT_VARIABLES } from '../environment/client-variables.js';
import { umaskOf } from '../wire/request.js';
import type { CallHead } from './worker-messages.js';

/** What a login has, and the daemon too: others may read what a service makes, and not write it. */
const UMASK = 0o022;

/** From before the functions were replaced for calls. */
const real = {
  env: process.env,
  chdir: process.chdir.bind(process),
  umask: process.umask.bind(process),
};

export function setEnvironment(env: Readonly<Record<string, string>>): void {
  // A call may have put another object there.
  process.env = real.env;
  for (const name of Object.keys(real.env)) if (!Object.hasOwn(env, name)) delete real.env[name];
  for (const [name, value] of Object.entries(env)) if (real.env[name] !== value) real.env[name] = value;
}

/** @throws a system error if the caller's directory can't be entered */
export function enterSurroundings({ env, cwd }: CallHead): void {
  setEnvironment(Object.fromEntries(Object.entries(env).filter(([name]) => !CLIENT_VARIABLES.test(name))));
  real.umask(umaskOf(env) ?? UMASK);
  enterDirectory(cwd);
}

/**
 * A worker that waits keeps no directory of a caller busy. The environment stays: what the call left behind
 * may read it.
 */
export function leaveSurroundings(moveToNowhere: () => void): void {
  real.umask(UMASK);
  moveToNowhere();
}

function enterDirectory(directory: string): void {
  try {
    real.chdir(directory);
  } catch (error) {
    if (directory !== '' && (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    enterRemovedDirectory();
  }
}

/** The caller's directory has been removed: so is that of the call, as in a process of the caller's own. */
function enterRemovedDirectory(): void {
  const directory = mkdtempSync(join(tmpdir(), 'solod-'));
  real.chdir(directory);
  rmdirSync(directory);
}
