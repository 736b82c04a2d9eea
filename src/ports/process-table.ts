import type { Absent, Cause, Done, Failed } from './readings.js';

/** A process that lives, lived, or can't be seen. */
export type ProcessReading =
  | {
      readonly kind: 'present';
      /** What tells it from a later process of the same id; opaque, compared for equality. Empty when unknown. */
      readonly startTime: string;
      readonly activity: 'running' | 'stopped' | 'zombie';
    }
  | { readonly kind: 'gone' }
  | { readonly kind: 'hidden'; readonly cause: Cause };

export type TerminationSignal = 'SIGTERM' | 'SIGKILL';

/** `absent`: there is no such process any more. */
export type SignalReading = Done | Absent | Failed;

export interface ProcessTable {
  lookUp(pid: number): ProcessReading;
  /** kill(2). Only with proof of who has that id. */
  signal(pid: number, signal: TerminationSignal): SignalReading;
}
