import type { Environment } from '../ports/environment.js';

/** Environment variable that tells a started daemon which spawn lock it ends. */
export const LOCK_VARIABLE = 'SOLOD_SPAWN_LOCK';

/** What a spawner starts. It is fixed when the spawner is made. */
export interface SpawnTarget {
  /** Directory of the daemon's name, which holds its log. */
  readonly directory: string;
  /** Program and arguments; no shell sees them. */
  readonly command: readonly [string, ...string[]];
  readonly env: Environment;
  /** Identifies the program and its version: the crash-loop breaker counts failures for each build. */
  readonly build: string;
  /** `open` if the starter waits for what the process says of its start. */
  readonly channel: 'open' | 'none';
}
