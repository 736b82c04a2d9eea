/** Commands that the daemon itself answers. No service can be called by such a name: the others have no colon. */
export const CONTROL = {
  /** Accepted when the service has loaded, declined with the reason when it has not. */
  ping: 'solod:ping',
  /** Prints a `DaemonStatus`. */
  status: 'solod:status',
  /** Prints a `DaemonStatus`, then ends the daemon. */
  stop: 'solod:stop',
} as const;
