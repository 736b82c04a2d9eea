/**
 * Server processes that a broker runs for its clients: lines go in and out, and all of one ends when it must.
 */

import type { Cause } from './readings.js';

export interface UpstreamCommand {
  /** An absolute path. */
  readonly executable: string;
  readonly args: readonly string[];
  readonly directory: string;
  /** All of it: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
}

/** How a process that is asked to end is made to, in milliseconds. */
export interface UpstreamGraces {
  /** From the end of its stdin to SIGTERM. */
  readonly afterEndMs: number;
  /** From SIGTERM to SIGKILL. */
  readonly afterTermMs: number;
}

/** Texts hold one character per byte. */
export interface UpstreamEvents {
  onOutput(text: string): void;
  onErrorOutput(text: string): void;
  /** It can take more again. */
  onRelief(): void;
  /** It has ended, and those whom it started with it; nothing is heard of it any more. `words` says how. */
  onEnd(words: string): void;
}

export interface UpstreamProcess {
  readonly pid: number;
  /** What tells it from a later process of that id; empty where it is not known. */
  readonly startTime: string;
  /** `full`: it has been taken, and more should wait until there is relief. */
  write(text: string): 'taken' | 'full';
  /** Closes its stdin, then SIGTERM, then SIGKILL, to its whole process group. */
  end(graces: UpstreamGraces): void;
  /** SIGKILL to its group, at once. */
  kill(): void;
}

export type UpstreamReading =
  | { readonly kind: 'started'; readonly process: UpstreamProcess }
  /** Nothing runs. */
  | { readonly kind: 'refused'; readonly cause: Cause };

export interface UpstreamProcesses {
  start(command: UpstreamCommand, events: UpstreamEvents): UpstreamReading;
}
