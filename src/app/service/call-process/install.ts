/**
 * Gives each call a process of its own to look at, inside one process. What can't be given, because the
 * system knows one of it for all calls, is refused where that can be seen: docs/calls.md has the list.
 */

import { daemonEnvironment } from '../../../domain/place/daemon-environment.js';
import { workingDirectory } from '../../environment/state-root.js';
import type { CallScope } from '../run-service.js';
import { ownEnvironmentOf } from '../service-environment.js';
import { isShipped } from '../service-file.js';
import { replaceConsole } from './call-console.js';
import { currentView, loadingView, runIn, type Variables } from './call-context.js';
import { CallProcess } from './call-process.js';
import { replaceChildren } from './child-processes.js';
import { changedFile, noteLoaded } from './loaded-files.js';
import { type DescriptorWitness, watchDescriptors } from './own-descriptors.js';
import { replace } from './patch.js';
import { type Calls, replaceProcess } from './process-object.js';
import { replaceDescriptors, replaceFileCalls } from './relative-paths.js';

export { changedFile };

const realDirectory = process.cwd.bind(process);
const changeDirectory = process.chdir.bind(process);
const environment = { ...process.env };
let isInstalled = false;
let calls: Calls = 'many-at-once';
let witness: DescriptorWitness = { onInput: () => {}, onShared: () => {} };

/** From now on code that runs for a call sees that call's process. All other code sees what it saw before. */
function install(): void {
  if (isInstalled) return;
  isInstalled = true;
  if (calls === 'many-at-once') {
    replaceFileCalls();
    replaceDescriptors();
    replaceChildren();
    replaceSystem();
  } else watchDescriptors(witness);
  replaceConsole();
  replaceProcess(calls);
  process.getBuiltinModule('node:module').syncBuiltinESMExports();
}

/**
 * To be called first in a process that runs one call at a time: its environment, directory, umask and
 * descriptors are those of the call already.
 * @param descriptors hears what a call does with descriptors
 */
export function runOneCallAtATime(descriptors: DescriptorWitness): void {
  calls = 'one-at-a-time';
  witness = descriptors;
}

/** What `os` would ask the system for. */
function replaceSystem(): void {
  const os = process.getBuiltinModule('node:os');
  replace(os, 'homedir', (homedir) => () => {
    const view = currentView();
    return view === undefined ? homedir() : view.env.HOME || os.userInfo().homedir;
  });
  replace(os, 'tmpdir', (tmpdir) => () => {
    const view = currentView();
    if (view === undefined) return tmpdir();
    const { TMPDIR, TMP, TEMP } = view.env;
    const path = TMPDIR || TMP || TEMP || '/tmp';
    return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  });
}

/**
 * Loads a service. What it reads then belongs to no caller: it sees the environment that its daemon is
 * started with.
 * @param file real path of the service file
 */
export async function whileLoading<T>(file: string, load: () => Promise<T>): Promise<T> {
  if (isShipped(file)) return load();
  install();
  const variables = daemonEnvironment(environment, ownEnvironmentOf(file), workingDirectory());
  const env: Variables = Object.assign(Object.create(null), variables);
  const loaded = await runIn(loadingView(env, NOWHERE), load);
  // Node 20 has no hooks: of ES modules nothing is known there. The library watches no files, and its ES
  // module has no `require`.
  if (typeof SOLOD_LIBRARY !== 'undefined' && !SOLOD_LIBRARY)
    for (const path of Object.keys(require.cache)) noteLoaded(path);
  return loaded;
}

/**
 * @param file the service file
 * @param late takes what comes after the call's end: a line for each error; what the service prints goes to
 *   the real console. If absent,
 *   all of that is dropped
 */
export function callProcess(file: string, late?: (line: string) => void): CallScope {
  install();
  return new CallProcess(file, late);
}

/**
 * A directory in which nobody can make anything, and of which no relative path leads to anything of worth.
 */
const NOWHERE = process.platform === 'linux' ? '/proc/self/fdinfo' : '/';

/**
 * Takes the whole process there: a relative path that comes past the calls' own directories means nothing.
 */
export function moveToNowhere(): void {
  try {
    changeDirectory(NOWHERE);
  } catch {
    // Without /proc the daemon stays where it was started.
    realDirectory();
  }
}
