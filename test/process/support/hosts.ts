/** Other hosts, containers and users, staged with namespaces and user ids as only root can. */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { CLIENT, hasCargo } from '../../native/client.js';
import { type Ended, has, isRoot, type RunOptions, type Sandbox, SOLOD, sandbox } from './sandbox.js';

export const canStage =
  isRoot &&
  has('setpriv') &&
  has('nsenter') &&
  spawnSync('unshare', ['--mount', '--pid', '--net', 'true']).status === 0;

/** Stands in the name of a suite that is skipped. */
export const NOT_STAGED = canStage ? '' : ' (skipped: needs root, unshare, nsenter and setpriv)';

/** A user without an entry in the user database. */
export const USER = 4242;
export const OTHER = 4343;

export const as = (user: number): string[] => [
  'setpriv',
  `--reuid=${user}`,
  `--regid=${user}`,
  '--clear-groups',
];

/** A mount namespace that lives as long as its test. @returns what runs a command in it */
export async function namespace(script: string): Promise<string[]> {
  const holder = spawn('unshare', ['--mount', 'sh', '-c', `${script}; echo ready; exec sleep 600`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void holder.kill('SIGKILL'));
  await once(holder.stdout, 'data');
  return ['nsenter', `--mount=/proc/${holder.pid}/ns/mnt`];
}

/** Another boot of this machine, or another machine with the same files. */
export function host(box: Sandbox, boot: string, machine?: string): Promise<string[]> {
  const folder = path.join(box.path, `host-${boot}`);
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'boot'), `${boot}\n`);
  const bound = [`mount --bind ${folder}/boot /proc/sys/kernel/random/boot_id`];
  if (machine !== undefined) {
    writeFileSync(path.join(folder, 'machine'), `${machine}\n`);
    bound.push(`mount --bind ${folder}/machine /etc/machine-id`);
  }
  return namespace(bound.join(' && '));
}

/** The command, and the native client where there is one. */
export const CLIENTS: readonly (readonly [string, readonly string[]])[] = [
  ['Node', [process.execPath, SOLOD]],
  ...(hasCargo ? ([['native', [CLIENT]]] as const) : []),
];
export const NOBODY_NAMED = { SOLOD_DIR: undefined, XDG_RUNTIME_DIR: undefined, XDG_STATE_HOME: undefined };

/** Says the process that answers. */
export const PID = 'export default ({ stdout }) => { stdout.write(String(process.pid)); };';

export function exec(box: Sandbox, command: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return box.exec(command[0] ?? '', command.slice(1), options);
}

export async function said(
  box: Sandbox,
  command: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const ended = await exec(box, command, options);
  expect([ended.code, ended.stderr]).toEqual([0, '']);
  return ended.stdout.toString();
}

/** A sandbox that other users may enter, with a home for one of them. */
export function open(user = USER): { readonly box: Sandbox; readonly home: string } {
  const box = sandbox();
  chmodSync(box.path, 0o755);
  const home = path.join(box.path, 'home');
  mkdirSync(home, { mode: 0o700 });
  chownSync(home, user, user);
  return { box, home };
}

/** Every file in a directory, with its owner. */
export function ownersIn(directory: string): Set<number> {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  return new Set(names.map((name) => lstatSync(path.join(directory, name)).uid));
}
