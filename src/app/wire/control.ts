import type { DaemonNumbers } from '../../domain/statistics/daemon-tally.js';

/** Commands that the daemon itself answers. The names of services have no colon. */
export const CONTROL = {
  /** Accepted when the service has loaded, declined with the reason when it failed to. */
  ping: 'solod:ping',
  /** Prints a `DaemonStatus`. */
  status: 'solod:status',
  /** Prints a `DaemonStatus`, then ends the daemon. */
  stop: 'solod:stop',
} as const;

export interface DaemonStatus {
  readonly name: string;
  readonly pid: number;
  readonly generation: number;
  readonly service: string;
  readonly state: 'loading' | 'ready' | 'draining';
  /** By the wall clock, in milliseconds since 1970. */
  readonly startedMs: number;
  /** Number of calls it has accepted. */
  readonly calls: number;
  readonly inFlight: number;
  readonly residentBytes: number;
  readonly node: string;
  readonly solod: string;
  /** The service's version; empty if it has none. */
  readonly version: string;
  readonly wire: number;
  /** What it has done. Absent in daemons of older releases. */
  readonly numbers?: DaemonNumbers | undefined;
}
