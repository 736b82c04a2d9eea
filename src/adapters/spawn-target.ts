import type { Cause } from '../ports/readings.js';

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
  /** For a program that does not claim its name itself: gives it a socket that listens already. */
  readonly handListener?: HandListener | undefined;
}

/** Begins the word of a claim's command line that says in which directory the program runs. */
export const WORK_FLAG = '--cwd=';

/** Makes the listener of a program that is about to be started, and what starts it. */
export type HandListener = (start: HandedStart) => HandedReading;

export interface HandedStart {
  readonly directory: string;
  /** The command line of the claim, `--`, and the program with its arguments. */
  readonly command: readonly [string, ...string[]];
  /** Searched for a program without a slash. */
  readonly path: string | undefined;
  /** `started` by a caller, or `foreground`: then the program keeps the umask of this process. */
  readonly mode: 'started' | 'foreground';
}

export type HandedReading =
  | {
      readonly kind: 'listening';
      /** What to run instead. It has the listener as its standard input. */
      readonly command: readonly [string, ...string[]];
      readonly descriptor: number;
      /** Closes this process's descriptor: a started process has its own. Without one nothing is left. */
      readonly close: (start: 'started' | 'not-started') => void;
    }
  | { readonly kind: 'failed'; readonly cause: Cause };
