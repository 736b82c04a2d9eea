/** Other hosts, containers and users, staged with namespaces and user ids as only root can. */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { has, isRoot, type Sandbox } from './sandbox.js';

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
