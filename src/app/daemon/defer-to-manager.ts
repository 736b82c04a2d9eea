/** Leaves the name to a supervisor that listens for it, where a daemon was started by hand. */

import type { Socket } from 'node:net';
import { judgeConnect } from '../../domain/evidence/connect-verdict.js';
import { layout } from '../../domain/place/layout.js';
import { claimTarget } from '../library/claim-name.js';
import type { Target } from '../library/daemon-target.js';
import type { DaemonHost } from '../platforms/host.js';
import { handedListener } from '../platforms/node-platform.js';

const PROBE_MS = 1_000;

type Deferring =
  /** The name now leads to the supervisor's listener, and a connection has made the supervisor start its daemon. */
  | { readonly kind: 'deferred'; readonly listener: string; readonly generation: number }
  /** No supervisor listens, or a daemon serves the name: this process has to claim the name itself. */
  | { readonly kind: 'not-deferred' };

/**
 * After a reboot `current` does not lead to the unit's listener yet, so clients find no daemon and start one by hand. Without this
 * step the unit would never be activated. The name is claimed as by an activated daemon that dies at once.
 */
export async function deferToSupervisor(
  host: DaemonHost<Socket>,
  target: Target,
  service: string,
): Promise<Deferring> {
  const listener = layout.handedSocket(target.place.directory);
  const found = host.files.inspect(listener);
  if (found.kind !== 'entry' || found.entry.type !== 'socket') return { kind: 'not-deferred' };
  const handed = handedListener({ descriptor: undefined, path: listener });
  // The outcome is reported by the caller, which knows it.
  const claimed = await claimTarget(host, target, { service, handed }, { say: () => {} });
  if (claimed.kind !== 'claimed') return { kind: 'not-deferred' };
  const probe = host.probe();
  const verdict = judgeConnect(await probe.connect(listener, PROBE_MS), target.platform);
  probe.drop();
  // The socket is left over from a stopped unit, so the generation that was published is dead.
  if (verdict.kind !== 'alive') return { kind: 'not-deferred' };
  return { kind: 'deferred', listener, generation: claimed.generation };
}
