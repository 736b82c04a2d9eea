import type { Absent, Cause, Done, Failed } from './readings.js';

/** What tells one process from every other, also from a later one with the same id. Empty text: not known. */
export interface Identity {
  readonly pid: number;
  /** From the process table; compared for equality only. */
  readonly startTime: string;
  /** Changes at every boot (`/proc/sys/kernel/random/boot_id`). */
  readonly bootId: string;
  /** Process ids mean nothing outside it (pid_namespaces(7)). */
  readonly pidNamespace: string;
}

/** A process that lives, lived, or can't be seen. */
export type ProcessReading =
  | {
      readonly kind: 'present';
      /**
       * What tells it from a later process of the same id; opaque, compared for equality. Empty when unknown.
       */
      readonly startTime: string;
      readonly activity: 'running' | 'stopped' | 'zombie';
    }
  | { readonly kind: 'gone' }
  | { readonly kind: 'hidden'; readonly cause: Cause };

export type TerminationSignal = 'SIGTERM' | 'SIGKILL';

/** `absent`: there is no such process any more. */
export type SignalReading = Done | Absent | Failed;

export interface ProcessTable {
  /**
   * The calling process. The same answer as long as it lives; a caller that asks only when it must spares the
   * system.
   */
  self(): Identity;
  lookUp(pid: number): ProcessReading;
  /** kill(2). Only with proof of who has that id. */
  signal(pid: number, signal: TerminationSignal): SignalReading;
}
