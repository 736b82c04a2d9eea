/**
 * A caller has asked for a newer build while calls of this one are in flight. No caller is refused, and no
 * call is ended: this build goes on serving until it is free. Calls that overlap can't keep it for ever,
 * because now and then new calls are held for a moment.
 */

/** Most calls end within this time, and a caller that is held for it does not notice. */
const HOLD_MS = 300;
const HOLD_EVERY_MS = 5_000;

export interface UpgradeParts {
  /** Resolves when no call runs that a client waits for, or that has its grace. */
  free(): Promise<void>;
  nowMs(): number;
  /** Makes room for the newer build. Called once. */
  withdraw(why: string): void;
  /** Called once, with the reason. */
  onWait(why: string): void;
}

export class Upgrade {
  #why: string | undefined;
  #hold: Promise<unknown> | undefined;
  #heldMs = -HOLD_EVERY_MS;

  constructor(private readonly parts: UpgradeParts) {}

  /** For a caller of the newer build: resolves once it is known which of the two builds serves it. */
  async ask(why: string): Promise<void> {
    if (this.#why === undefined) this.#watch(why);
    await this.#letGo();
    await this.hold();
    // If the last call has ended, `withdraw` runs first.
    await this.#letGo();
  }

  /** Whether a newer build is wanted. */
  get isAsked(): boolean {
    return this.#why !== undefined;
  }

  /** For every other caller: its call does not begin before this resolves. */
  async hold(): Promise<void> {
    const { nowMs, free } = this.parts;
    if (this.#why !== undefined && nowMs() - this.#heldMs >= HOLD_EVERY_MS) {
      this.#heldMs = nowMs();
      const moment = new Promise((resolve) => setTimeout(resolve, HOLD_MS));
      this.#hold = Promise.race([moment, free()]).then(() => {
        this.#hold = undefined;
      });
    }
    await this.#hold;
  }

  #watch(why: string): void {
    this.#why = why;
    let isFree = false;
    void this.parts.free().then(() => {
      isFree = true;
      this.parts.withdraw(why);
    });
    void this.#letGo().then(() => {
      if (!isFree) this.parts.onWait(why);
    });
  }

  #letGo(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }
}

export function callsText(count: number): string {
  return count === 1 ? 'the call under way has' : `the ${count} calls under way have`;
}
