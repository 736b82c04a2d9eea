import type { Cause } from './readings.js';
import type { SpawnReason } from './spawn-reason.js';
import type { Word } from './start-word.js';

/** A start that is not tried: the last ones failed one after the other. */
export interface HeldBack {
  readonly kind: 'held-back';
  readonly failures: number;
  /** When the next start may be tried, by the wall clock. */
  readonly untilMs: number;
  readonly waitMs: number;
  /** What the last one failed with. */
  readonly message: string;
}

export type SpawnReading =
  | { readonly kind: 'spawned'; readonly pid: number; readonly startTime: string }
  /** The system said no: nothing runs. */
  | { readonly kind: 'refused'; readonly cause: Cause }
  /** The runtime threw: nothing runs. */
  | { readonly kind: 'threw'; readonly cause: Cause }
  /** It was not tried: the last ones died at their start, one after the other. */
  | HeldBack;

export type ChildReading =
  | { readonly kind: 'running' }
  | {
      readonly kind: 'ended';
      readonly code: number | undefined;
      readonly signal: string | undefined;
      /** What it said of its end itself; undefined where it could not. */
      readonly word?: Word | undefined;
      /** The end of what it wrote, at most a few kilobytes. */
      readonly lastOutput: string;
    };

/**
 * The one boundary that starts processes. What is started is fixed when the spawner is made; each start has a
 * reason.
 */
export interface Spawner {
  /**
   * Starts the daemon. `lockNonce` names the spawn lock that the daemon releases; undefined when the caller
   * holds none.
   */
  spawn(reason: SpawnReason, lockNonce: string | undefined): SpawnReading;
  /** What has become of a child that this spawner started. */
  check(pid: number): ChildReading;
}
