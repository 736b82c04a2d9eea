/**
 * Limits how long the heads of large requests are together: of those that are being read, and of those whose
 * calls run. Others wait for room, unread. Heads that are not large don't count.
 */

export interface HeadLimits {
  /** From this length on a head is large. */
  readonly largeBytes: number;
  /** The longest one. */
  readonly headBytes: number;
  /** All large ones. */
  readonly totalBytes: number;
}

export interface HeadWitness {
  /** It has to wait: nothing more of it should be read. */
  onWait(): void;
  /** There is room after a wait. */
  onRoom(): void;
}

export class HeadBudget {
  #freeBytes: number;
  readonly #waiting = new Set<HeadShare>();

  constructor(readonly limits: HeadLimits) {
    this.#freeBytes = limits.totalBytes;
  }

  /** @returns whether there was room; otherwise the share is granted later, first come first */
  take(share: HeadShare): boolean {
    this.#waiting.add(share);
    this.#grant();
    return !this.#waiting.has(share);
  }

  forget(share: HeadShare): void {
    this.#waiting.delete(share);
  }

  giveBack(bytes: number): void {
    this.#freeBytes += bytes;
    this.#grant();
  }

  #grant(): void {
    for (const share of this.#waiting) {
      if (this.#freeBytes < this.limits.headBytes) return;
      this.#waiting.delete(share);
      this.#freeBytes -= this.limits.headBytes;
      share.grant();
    }
  }
}

/** The share of one request. */
export class HeadShare {
  #state: 'small' | 'asked' | 'waiting' | 'granted' | 'over' = 'small';
  #takenBytes = 0;

  constructor(
    private readonly budget: HeadBudget,
    private readonly witness: HeadWitness,
  ) {}

  /** @param bytes how much has been read of a head that is not complete: how long it will be, nobody knows */
  grow(bytes: number): void {
    if (this.#state !== 'small' || bytes < this.budget.limits.largeBytes) return;
    this.#state = 'asked';
    if (this.budget.take(this)) return;
    this.#state = 'waiting';
    this.witness.onWait();
  }

  grant(): void {
    const was = this.#state;
    this.#state = 'granted';
    this.#takenBytes = this.budget.limits.headBytes;
    if (was === 'waiting') this.witness.onRoom();
  }

  /** The head is complete. */
  settle(bytes: number): void {
    if (this.#state === 'granted') this.#giveBack(this.#takenBytes - bytes);
  }

  /** The request is over, whatever became of it. */
  end(): void {
    this.budget.forget(this);
    this.#state = 'over';
    this.#giveBack(this.#takenBytes);
  }

  #giveBack(bytes: number): void {
    this.#takenBytes -= bytes;
    this.budget.giveBack(bytes);
  }
}
