/** A daemon that was started by hand where a supervisor listens: the name is left to that. */

import { HandedListener } from '../../adapters/node/sockets/handed-listener.js';
import { judgeConnect } from '../../domain/evidence/connect-verdict.js';
import { layout } from '../../domain/place/layout.js';
import type { Host } from '../environment/node-host.js';
import { claimTarget } from '../library/claim-name.js';
import type { Target } from '../library/daemon-target.js';

const PROBE_MS = 1_000;

export type Deferring =
  /** The name leads to the supervisor's listener from now on, and a connection has told the supervisor to start its daemon. */
  | { readonly kind: 'deferred'; readonly listener: string; readonly generation: number }
  /** Nobody listens there, or a daemon serves the name: a claim of one's own decides. */
  | { readonly kind: 'not-deferred' };

/**
 * Without this, the unit would never be activated where `current` does not lead to its listener yet, after a reboot say:
 * clients find nobody and start a daemon by hand. It claims the name like an activated daemon that dies at once.
 */
export async function deferToSupervisor(host: Host, target: Target, service: string): Promise<Deferring> {
  const listener = layout.handedSocket(target.place.directory);
  const found = host.files.inspect(listener);
  if (found.kind !== 'entry' || found.entry.type !== 'socket') return { kind: 'not-deferred' };
  const handed = new HandedListener({ descriptor: undefined, path: listener });
  // What it has come to is said when it is known.
  const claimed = await claimTarget(host, target, { service, handed }, { say: () => {} });
  if (claimed.kind !== 'claimed') return { kind: 'not-deferred' };
  const probe = host.probe();
  const verdict = judgeConnect(await probe.connect(listener, PROBE_MS), target.platform);
  probe.drop();
  // Left over from a unit that was stopped: what was published is a dead generation.
  if (verdict.kind !== 'alive') return { kind: 'not-deferred' };
  return { kind: 'deferred', listener, generation: claimed.generation };
}
