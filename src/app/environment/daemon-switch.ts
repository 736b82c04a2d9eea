/**
 * Whether a daemon is wanted. The warm call loads this file too (`warm-call.ts`): it imports nothing heavy.
 */

import type { Environment } from '../../ports/environment.js';

export type DaemonWish =
  /** Always use a daemon, whatever the environment says. */
  | 'on'
  /** Never use one: the service runs in the caller's own process. */
  | 'off'
  /**
   * As `SOLOD` says (`on`, `off`). Without it: no daemon where `CI` is set, because no later call would find
   * it warm.
   */
  | 'auto';

type DaemonChoice =
  | { readonly kind: 'daemon' }
  | { readonly kind: 'inline'; readonly why: string }
  /** `SOLOD` is neither `on` nor `off`. */
  | { readonly kind: 'wrong'; readonly value: string };

const DAEMON: DaemonChoice = { kind: 'daemon' };

export function chooseDaemon(wish: DaemonWish | undefined, env: Environment): DaemonChoice {
  if (wish === 'on') return DAEMON;
  if (wish === 'off') return { kind: 'inline', why: 'no daemon is wanted for this call' };
  switch (env.SOLOD ?? '') {
    case 'on':
      return DAEMON;
    case 'off':
      return { kind: 'inline', why: 'SOLOD=off' };
    case '':
      return isContinuousIntegration(env)
        ? { kind: 'inline', why: 'CI is set; SOLOD=on asks for a daemon all the same' }
        : DAEMON;
    default:
      return { kind: 'wrong', value: env.SOLOD ?? '' };
  }
}

export function isContinuousIntegration({ CI }: Environment): boolean {
  return CI !== undefined && CI !== '' && CI !== '0' && CI.toLowerCase() !== 'false';
}
