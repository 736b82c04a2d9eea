/**
 * How long a caller waits for what. All in milliseconds; deadlines by the monotonic clock, ages on disk by
 * the wall clock.
 */
export interface Timing {
  /** A caller's whole budget. */
  readonly totalMs: number;
  /**
   * How long one and the same contended lock is waited for, with no daemon appearing, before it is taken
   * over.
   */
  readonly lockFallbackMs: number;
  /**
   * How long a started daemon may take until it answers; so long a start that demonstrably lives is left
   * alone.
   */
  readonly readyMs: number;
  /** A kick takes over a contended lock of this age. */
  readonly overrideMs: number;
  /** A lock of this age is stale, even if its holder lives. */
  readonly staleMs: number;
  /** A lock whose time lies further ahead than this comes from a clock that has jumped: stale too. */
  readonly futureMs: number;
  readonly firstPollMs: number;
  readonly lastPollMs: number;
  /** Each poll waits so many times as long as the one before. */
  readonly pollGrowth: number;
}

const TOTAL_MS = 2_000;
export const LOCK_FALLBACK_SHARE = 1 / 2;
export const READY_SHARE = 3 / 4;

export const DEFAULT_TIMING: Timing = {
  totalMs: TOTAL_MS,
  lockFallbackMs: TOTAL_MS * LOCK_FALLBACK_SHARE,
  readyMs: TOTAL_MS * READY_SHARE,
  overrideMs: 2_000,
  staleMs: 10_000,
  futureMs: 1_000,
  firstPollMs: 1,
  lastPollMs: 50,
  pollGrowth: 1.3,
};

/**
 * Timing from the options given. A total budget of one's own stretches or shrinks the ready budget with it;
 * the lock fallback shrinks but does not stretch: who can wait longer gains nothing by waiting for a lock
 * that nobody holds.
 */
export function timingFrom(options: Partial<Timing> = {}): Timing {
  const totalMs = options.totalMs ?? DEFAULT_TIMING.totalMs;
  return {
    ...DEFAULT_TIMING,
    totalMs,
    lockFallbackMs: Math.min(DEFAULT_TIMING.lockFallbackMs, totalMs * LOCK_FALLBACK_SHARE),
    readyMs: totalMs * READY_SHARE,
    ...options,
  };
}

/**
 * The budget of `call`, and how long a kick's daemon may take: a busy machine needs more than 2 s to start
 * anything.
 */
export const CALL_TOTAL_MS = 10_000;

/** How long a caller that has another way to its answer waits for a daemon that is there. */
export const FIRST_LOOK_MS = 1_000;

export function nextPollMs(pollMs: number, timing: Timing): number {
  return Math.min(pollMs * timing.pollGrowth, timing.lastPollMs);
}
