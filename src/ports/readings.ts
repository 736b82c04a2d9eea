/**
 * What several ports return. A port never throws for an expected failure: an adapter reads an errno once,
 * and hands on what it does not know as `failed` with its cause.
 */

/** An error as the system named it: its code (`ENOSPC`, …) and its message. */
export interface Cause {
  readonly code: string;
  readonly message: string;
}

/** One moment, read from both clocks. */
export interface Instant {
  /** Milliseconds from an arbitrary origin; never goes back. For deadlines and durations. */
  readonly monotonicMs: number;
  /**
   * Milliseconds since 1970 by the wall clock, which may jump. Only for what is written to disk and read by
   * others.
   */
  readonly wallMs: number;
}

export interface Done {
  readonly kind: 'done';
}

/** No entry of that name (ENOENT). */
export interface Absent {
  readonly kind: 'absent';
}

/** Something is there already, and the call was exclusive (EEXIST, ENOTEMPTY). */
export interface Occupied {
  readonly kind: 'occupied';
}

/**
 * What is there is of another type than the call is made for (ENOTDIR, EISDIR, EINVAL of readlink, ELOOP).
 */
export interface WrongType {
  readonly kind: 'wrong-type';
}

export interface Failed {
  readonly kind: 'failed';
  readonly cause: Cause;
}

export type ChangeReading = Done | Absent | Occupied | WrongType | Failed;

export type TextReading = { readonly kind: 'text'; readonly text: string } | Absent | WrongType | Failed;
