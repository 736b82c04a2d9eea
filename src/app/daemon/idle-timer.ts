/** How long a daemon lives without a call, unless its service or its starter says otherwise. */
export const IDLE_TIMEOUT_MS = 15 * 60_000;

/**
 * Calls `expire` when no call has been in flight for so long. A look, such as `status`, neither stops it nor
 * starts it again.
 */
export class IdleTimer {
  #timer: NodeJS.Timeout | undefined;

  /** @param ms milliseconds; 0 for never */
  constructor(
    private readonly ms: number,
    private readonly expire: () => void,
  ) {}

  /** A timer that runs goes on. */
  start(): void {
    if (this.ms > 0) this.#timer ??= setTimeout(this.expire, this.ms);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
