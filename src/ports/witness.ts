import type { Absent, Cause, Done, Failed, WrongType } from './readings.js';

/** Another process holds the file. */
export interface Held {
  readonly kind: 'held';
}

export type HoldReading = Done | Held | Absent | WrongType | Failed;

export type WitnessReading =
  | Held
  /** Nobody holds it: the process that did has ended. */
  | { readonly kind: 'free' }
  | Absent
  | WrongType
  | { readonly kind: 'failed'; readonly cause: Cause };

/**
 * Files that a process holds exclusively, by the kernel's arbitration, until it ends: also by SIGKILL, also
 * while it is stopped. Where a platform has none, a process is known by its id and start time alone.
 */
export interface Witness {
  /** Creates the file if it is missing, and holds it. */
  hold(path: string): HoldReading;
  /** Lets go of a file that this process holds. */
  release(path: string): Done;
  /** Whether a process holds it. */
  look(path: string): WitnessReading;
}
