/** When a client is told that its request is queued, in milliseconds. Most calls begin earlier. */
const FIRST_MS = 50;
/** How often it is told after that. */
const EVERY_MS = 1_000;

/**
 * Tells a client that its request is queued: the daemon works, and has not begun the call. So the client goes
 * on waiting, and knows that it may repeat the call if this daemon ends.
 */
export class QueueNotice {
  #timer: NodeJS.Timeout | undefined;
  #limit: NodeJS.Timeout | undefined;

  /** @param say tells the client */
  constructor(private readonly say: () => void) {}

  begin(): void {
    this.#sayIn(FIRST_MS);
  }

  /** @param onTimeout is called if this is not ended within so many milliseconds */
  beginFor(ms: number, onTimeout: () => void): void {
    this.begin();
    this.#limit = setTimeout(onTimeout, ms).unref();
  }

  end(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#limit);
  }

  #sayIn(ms: number): void {
    this.#timer = setTimeout(() => {
      this.say();
      this.#sayIn(EVERY_MS);
    }, ms).unref();
  }
}
