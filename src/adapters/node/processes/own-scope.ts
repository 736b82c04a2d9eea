/**
 * What this process sees of its machine: namespaces(7), the root directory, and which machine and boot it
 * is.
 */

import { readlinkSync, statSync } from 'node:fs';
import { hostname, uptime } from 'node:os';
import { shortHash } from '../../../domain/place/layout.js';
import type { MachineReading, ScopeReading } from '../../../domain/place/scope.js';
import { readBoot, textOf } from './proc-files.js';

/** `mnt:[4026531841]` */
const namespaceId = (kind: string): string =>
  textOf(`/proc/self/ns/${kind}`, readlinkSync).replace(/\D/g, '');

/** Without a /proc nothing is known, which is a scope as well. */
export function readScope(): ScopeReading {
  const { dev, ino } = statSync('/');
  return { boot: readBoot(), ids: [...['mnt', 'net', 'pid', 'user'].map(namespaceId), dev, ino].join('.') };
}

/** machine-id(5); where there is none, the name of the host. */
export function readMachine(): MachineReading {
  const wallMs = Date.now();
  const id = textOf('/etc/machine-id').trim() || hostname();
  return { machine: shortHash(`solod ${id}`), bootedMs: wallMs - uptime() * 1_000, wallMs };
}
