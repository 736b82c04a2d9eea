/**
 * What differs on Windows: its sockets have no names in the file system, so a daemon is found by a file that
 * tells of its pipe, and claims by holding another one. The other adapters are Node's. A bundle of its own:
 * other systems don't load it.
 */

import type { Socket } from 'node:net';
import { windowsFileSystem } from '../../adapters/windows/file-system.js';
import { PipeListener } from '../../adapters/windows/listener.js';
import { PipeProbe } from '../../adapters/windows/socket-probe.js';
import { windowsWitness } from '../../adapters/windows/witness.js';
import { checkOwnershipByLock, claimByLock } from '../../domain/claim/claim-by-lock.js';
import type { CallerHost, DaemonHost } from './host.js';
import { windowsPlace } from './windows-place.js';

export function windowsParts() {
  const files = windowsFileSystem();
  return {
    files,
    witness: windowsWitness(),
    platform: 'win32',
    unsupported: undefined,
    userId: 0,
    probe: (greeter, opened) => new PipeProbe(files, greeter, opened),
    listener: (options) => new PipeListener(files, options),
    // Nothing forbids a pipe.
    bindOnce: () => Promise.resolve(undefined),
    derive: windowsPlace,
    claiming: { claim: claimByLock, checkOwnership: checkOwnershipByLock },
  } satisfies Partial<DaemonHost<Socket> & Pick<CallerHost, 'bindOnce'>>;
}
