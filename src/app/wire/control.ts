/** Commands that the daemon itself answers. The names of services have no colon. */
export const CONTROL = {
  /** Accepted when the service has loaded, declined with the reason when it failed to. */
  ping: 'solod:ping',
  /** Prints a `DaemonStatus`. */
  status: 'solod:status',
  /** Prints a `DaemonStatus`, then ends the daemon. */
  stop: 'solod:stop',
} as const;
