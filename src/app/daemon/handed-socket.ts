/** A socket that listens already, which a supervisor hands to a daemon (sd_listen_fds(3)). */

import type { Failure } from '../../domain/failure.js';
import { layout } from '../../domain/place/layout.js';
import { boundPathOf, type HandedListener, handedListener } from '../platforms/node-platform.js';
import type { Resolved } from '../service/service-file.js';

/** SD_LISTEN_FDS_START */
const FIRST_DESCRIPTOR = 3;
const VARIABLES = ['LISTEN_PID', 'LISTEN_PIDFDID', 'LISTEN_FDS', 'LISTEN_FDNAMES'] as const;

/**
 * Takes the supervisor's variables out of the environment: they are meant for this process, or for an ancestor, but never for a
 * child.
 * @returns how many sockets were handed to this process
 */
export function takeHandedCount(env: NodeJS.ProcessEnv, pid: number): number {
  const { LISTEN_PID, LISTEN_FDS } = env;
  for (const name of VARIABLES) delete env[name];
  if (LISTEN_PID !== String(pid) || !/^[0-9]{1,9}$/.test(LISTEN_FDS ?? '')) return 0;
  return Number(LISTEN_FDS);
}

/**
 * @param directory directory of the name
 * @returns undefined if nothing was handed over
 */
export function takeHandedListener(
  env: NodeJS.ProcessEnv,
  directory: string,
): Resolved<HandedListener | undefined> {
  const count = takeHandedCount(env, process.pid);
  if (count === 0) return { kind: 'resolved', value: undefined };
  if (count > 1) return refused(`E2BIG: ${count} sockets were handed over, and a daemon serves one`, 'E2BIG');
  const bound = boundPathOf(FIRST_DESCRIPTOR);
  switch (bound.kind) {
    case 'unusable':
      return refused(bound.cause.message, bound.cause.code);
    case 'bound':
      return listener(bound.path);
    case 'unnamed':
      // It must be the socket that the unit of `solod install` names.
      return listener(layout.handedSocket(directory));
  }
}

const listener = (path: string): Resolved<HandedListener> => ({
  kind: 'resolved',
  value: handedListener({ descriptor: FIRST_DESCRIPTOR, path }),
});

function refused(message: string, code: string): { readonly kind: 'failed'; readonly failure: Failure } {
  const path = `descriptor ${FIRST_DESCRIPTOR}`;
  return {
    kind: 'failed',
    failure: { kind: 'claim-failed', act: 'taking over', path, cause: { code, message } },
  };
}
