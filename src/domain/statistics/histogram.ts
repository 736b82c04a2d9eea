/**
 * How long things took, in a fixed amount of memory: counts in buckets, each wider than the one before by the
 * same factor. A quantile read off it is off by no more than half a bucket's width, 4.5 %; from 10 µs to two
 * hours. Sum and maximum are exact.
 */

const BUCKETS_AN_OCTAVE = 8;
const SMALLEST_MS = 0.01;
/** 30 octaves: 10 µs times 2^30 are some three hours. */
const BUCKETS = 30 * BUCKETS_AN_OCTAVE;

export interface Spread {
  readonly count: number;
  readonly sumMs: number;
  /** Undefined where nothing has been counted. */
  readonly medianMs?: number | undefined;
  readonly p90Ms?: number | undefined;
  readonly p99Ms?: number | undefined;
  readonly maxMs?: number | undefined;
}

export class Histogram {
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #sumMs = 0;
  #maxMs = 0;

  /** @param ms what is negative, from a clock that was set back, counts as nothing */
  add(ms: number): void {
    const tookMs = Math.max(0, ms);
    const octave = Math.log2(Math.max(tookMs, SMALLEST_MS) / SMALLEST_MS);
    const bucket = Math.min(BUCKETS - 1, Math.floor(octave * BUCKETS_AN_OCTAVE));
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#count += 1;
    this.#sumMs += tookMs;
    this.#maxMs = Math.max(this.#maxMs, tookMs);
  }

  get spread(): Spread {
    if (this.#count === 0) return { count: 0, sumMs: 0 };
    const [medianMs, p90Ms, p99Ms] = [this.#quantile(0.5), this.#quantile(0.9), this.#quantile(0.99)];
    return { count: this.#count, sumMs: this.#sumMs, medianMs, p90Ms, p99Ms, maxMs: this.#maxMs };
  }

  /** The geometric middle of the bucket in which it lies (nearest rank). */
  #quantile(share: number): number {
    const rank = Math.ceil(share * this.#count);
    let seen = 0;
    const bucket = this.#counts.findIndex((count) => {
      seen += count;
      return seen >= rank;
    });
    const middleMs = SMALLEST_MS * 2 ** ((bucket + 0.5) / BUCKETS_AN_OCTAVE);
    return Math.min(middleMs, this.#maxMs);
  }
}
