/**
 * What a service's daemon has done, in numbers, in a fixed amount of memory. All times by the monotonic
 * clock.
 *
 * A call's time in all is what its caller waited until its request was on its way, as that says of itself,
 * and what passed from the arrival of the request to the end of the service. What the caller's own process
 * took to start is in no number: with a daemon or without, it is the same.
 */

import { Histogram, type Spread } from './histogram.js';

export interface DaemonNumbers {
  /** Calls whose service runs now. */
  readonly running: number;
  /** Requests that have arrived and wait for the service to be loaded. */
  readonly waiting: number;
  /** Of the calls that have ended, those whose service threw, or returned another exit code than 0. */
  readonly failed: number;
  /** What loading the service took; undefined until it has been loaded. */
  readonly loadMs?: number | undefined;
  /**
   * Times in all of calls that came before the service was loaded, or whose caller had the daemon started.
   */
  readonly cold: Spread;
  /** Times in all of all other calls. */
  readonly warm: Spread;
  /** From the begin of the service to its end, of all calls. */
  readonly run: Spread;
  /**
   * What all calls that have ended would have taken without a daemon, each the time to load the service and
   * that of its own run, less what they took. Below zero where the daemon has not paid off yet.
   */
  readonly savedMs: number;
}

/** A request, as it arrived. */
export interface Arrival {
  readonly atMs: number;
  /** What its caller said of itself; undefined where it says nothing. */
  readonly caller:
    | { readonly waitedMs?: number | undefined; readonly spawned?: boolean | undefined }
    | undefined;
}

export class Tally {
  readonly #cold = new Histogram();
  readonly #warm = new Histogram();
  readonly #run = new Histogram();
  #running = 0;
  #failed = 0;
  #loadedAtMs: number | undefined;
  #loadMs: number | undefined;
  /** What all runs and loads would have cost, less what was waited. */
  #savedMs = 0;

  /** @param tookMs what it took to load the service */
  loaded(atMs: number, tookMs: number): void {
    this.#loadedAtMs = atMs;
    this.#loadMs = tookMs;
  }

  /**
   * The service begins with a call.
   * @returns to be called when it has ended
   */
  begin(arrival: Arrival, begunMs: number): (endedMs: number, how: 'well' | 'failed') => void {
    this.#running += 1;
    return (endedMs, how) => {
      this.#running -= 1;
      if (how === 'failed') this.#failed += 1;
      const runMs = endedMs - begunMs;
      const totalMs = (arrival.caller?.waitedMs ?? 0) + (endedMs - arrival.atMs);
      this.#run.add(runMs);
      (this.#isCold(arrival) ? this.#cold : this.#warm).add(totalMs);
      this.#savedMs += (this.#loadMs ?? 0) + runMs - totalMs;
    };
  }

  #isCold({ atMs, caller }: Arrival): boolean {
    return caller?.spawned === true || atMs < (this.#loadedAtMs ?? Number.POSITIVE_INFINITY);
  }

  /** @param inFlight requests that have arrived and are not answered */
  numbers(inFlight: number): DaemonNumbers {
    return {
      running: this.#running,
      waiting: Math.max(0, inFlight - this.#running),
      failed: this.#failed,
      loadMs: this.#loadMs,
      cold: this.#cold.spread,
      warm: this.#warm.spread,
      run: this.#run.spread,
      savedMs: this.#savedMs,
    };
  }
}
