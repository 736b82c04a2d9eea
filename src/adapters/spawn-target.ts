/** Environment variable that tells a started daemon which spawn lock it ends. */
export const LOCK_VARIABLE = 'SOLOD_SPAWN_LOCK';

/** What a spawner starts. It is fixed when the spawner is made. */
export interface SpawnTarget {
  /** Directory of the daemon's name, which holds its log. */
  readonly directory: string;
  /** Program and arguments; no shell sees them. */
  readonly command: readonly [string, ...string[]];
  /** Environment of the process. Asked for only when one is started. */
  environment(): Readonly<Record<string, string>>;
  /**
   * Identifies the program, its version and its environment: the crash-loop breaker counts failures for each
   * build.
   */
  build(): string;
  /** Milliseconds after which a start that has said nothing counts as hung; undefined for never. */
  readonly silentMs: number | undefined;
  /**
   * `respected` if a limit of this process that can't be raised prevents a start; `ignored` if the user
   * insists on a daemon.
   */
  readonly limits: 'respected' | 'ignored';
  /** `open` if the starter waits for what the process says of its start. */
  readonly channel: 'open' | 'none';
}
