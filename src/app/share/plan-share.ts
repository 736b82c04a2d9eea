/** What a client asks for, made precise: the process that it needs, and whether others may use it too. */

import { createHash } from 'node:crypto';
import { type SharingKey, sharingKey, variablesFor } from '../../domain/share/key/sharing-key.js';
import { type StatefulServer, statefulServerIn } from '../../domain/share/key/stateful-servers.js';
import type { UpstreamCommand } from '../../ports/upstream-process.js';
import type { Environment } from '../environment/state-root.js';
import type { Complaint } from '../texts/complaint.js';
import { USAGE } from '../texts/usage-text.js';
import { findExecutable } from './find-executable.js';
import type { ShareOptions } from './share-options.js';

export interface SharePlan {
  readonly key: SharingKey;
  readonly command: UpstreamCommand;
  readonly sharing: 'shared' | 'per-client';
  /** Why it is not shared, where nobody said so. */
  readonly stateful: StatefulServer | undefined;
}

export type PlanReading =
  | { readonly kind: 'planned'; readonly plan: SharePlan }
  | { readonly kind: 'no-program'; readonly program: string };

/**
 * @param system `process.platform`
 * @returns why nothing can be shared: Windows has no groups by which to end what a server has started
 */
export const notShared = (system: string): Complaint | undefined =>
  system === 'win32' ? USAGE.platform(system, 'solod share', 'process groups') : undefined;

export function planShare(options: ShareOptions, env: Environment, cwd: string): PlanReading {
  const [program, ...args] = options.command;
  const executable = findExecutable(program, env.PATH, cwd);
  if (executable === undefined) return { kind: 'no-program', program };
  const wish = {
    executable,
    args,
    directory: cwd,
    from: options.from,
    env,
    only: options.only,
    terms: termsOf(options),
  };
  const stateful = options.sharing === 'by-name' ? statefulServerIn([program, ...args]) : undefined;
  const isAlone = options.sharing === 'per-client' || stateful !== undefined;
  return {
    kind: 'planned',
    plan: {
      key: sharingKey(wish),
      command: {
        executable,
        args,
        // Nobody's in particular, where any will do.
        directory: options.from === 'any-directory' ? env.HOME || '/' : cwd,
        env: variablesFor(wish),
      },
      sharing: isAlone ? 'per-client' : 'shared',
      stateful,
    },
  };
}

function termsOf({ order, offered, messageBytes }: ShareOptions): string {
  return [order, ...offered.map((name) => `offers ${name}`), `messages of ${messageBytes} bytes`].join(', ');
}

/** Variables hold secrets: what is shown of a value tells equal ones from others, and nothing else. */
export function shownKey(key: SharingKey): SharingKey {
  return { ...key, variables: key.variables.map(shownVariable) };
}

function shownVariable(variable: string): string {
  const at = variable.indexOf('=');
  const digest = createHash('sha256').update(variable).digest('hex').slice(0, 12);
  return `${variable.slice(0, at)}=${digest}`;
}
