import type { Done, Instant } from './readings.js';

export type SleepReading = Done;

export interface Clock {
  now(): Instant;
  /**
   * Ends early where there is news of what is waited for.
   * @param ms milliseconds by the monotonic clock
   */
  sleep(ms: number): Promise<SleepReading>;
}
