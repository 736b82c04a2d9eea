/**
 * What this process sees of its machine: namespaces(7), the root directory, and which machine and boot it
 * is.
 */

import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { hostname, uptime } from 'node:os';
import { shortHash } from '../../../domain/place/layout.js';
import type { MachineReading, ScopeReading } from '../../../domain/place/scope.js';

function readOr(read: () => string): string {
  try {
    return read().trim();
  } catch {
    // Without a /proc nothing is known, which is a scope as well.
    return '';
  }
}

/** `mnt:[4026531841]` */
const namespaceId = (kind: string): string =>
  readOr(() => readlinkSync(`/proc/self/ns/${kind}`)).replace(/\D/g, '');

export const readBoot = (): string => readOr(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1'));

export function readScope(): ScopeReading {
  const { dev, ino } = statSync('/');
  return { boot: readBoot(), ids: [...['mnt', 'net', 'pid', 'user'].map(namespaceId), dev, ino].join('.') };
}

/** machine-id(5); where there is none, the name of the host. */
export function readMachine(): MachineReading {
  const wallMs = Date.now();
  const id = readOr(() => readFileSync('/etc/machine-id', 'latin1')) || hostname();
  return { machine: shortHash(`solod ${id}`), bootedMs: wallMs - uptime() * 1_000, wallMs };
}
