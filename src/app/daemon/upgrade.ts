/**
 * A newer build has been asked for while calls of this one are under way. Nobody is turned away, and no call is ended for it: this
 * build serves on until it is free. So that calls which overlap can't keep it for ever, all that come are held for a moment now and
 * then.
 */

/** Most calls are over within that; a caller that is held for so long does not notice. */
const HOLD_MS = 300;
const HOLD_EVERY_MS = 5_000;

export interface UpgradeParts {
  /** Resolves when no call is under way that somebody waits for, or that has its grace. */
  free(): Promise<void>;
  nowMs(): number;
  /** Makes room for the newer build. Told once. */
  withdraw(why: string): void;
  /** Told once, with the reason. */
  onWait(why: string): void;
}

export class Upgrade {
  #why: string | undefined;
  #hold: Promise<unknown> | undefined;
  #heldMs = -HOLD_EVERY_MS;

  constructor(private readonly parts: UpgradeParts) {}

  /** By a caller that has a newer build in mind: settles once it is known which of the two serves it. */
  async ask(why: string): Promise<void> {
    if (this.#why === undefined) this.#watch(why);
    await this.#letGo();
    await this.hold();
    // Whoever has waited for the end of the last call learns of it first.
    await this.#letGo();
  }

  /** By every other caller: until then nothing more is begun. */
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
