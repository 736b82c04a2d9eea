import type { Environment } from '../ports/environment.js';

/** What the native client is told of a kick. */
export interface KickTarget {
  /** The bundle that a daemon runs. */
  readonly daemon: string;
  /** What a kick takes. */
  readonly args: readonly string[];
  readonly env: Environment;
}
