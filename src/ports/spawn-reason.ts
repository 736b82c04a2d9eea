/** Why a process is started: written down with each start. */
export type SpawnReason =
  /** Nobody has served the name. */
  | 'cold'
  /** A daemon was there and has died. */
  | 'dead-daemon'
  /** The daemon that was there has retired in favour of this caller's newer version. */
  | 'upgrade'
  /** A person said so. */
  | 'restart'
  /** A lock outlived every start that it could have stood for. */
  | 'stale-lock'
  /** Another caller held the lock for half of this caller's budget and no daemon came. */
  | 'lock-fallback'
  /** A kick met a contended lock that was old enough. */
  | 'override'
  /** The lock could not be used at all: the claim arbitrates. */
  | 'lock-error';
