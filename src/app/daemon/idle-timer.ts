/** Calls `expire` when nothing has been in flight for so long. Who only looks does not count, and does not begin it anew. */
export class IdleTimer {
  #timer: NodeJS.Timeout | undefined;

  /** @param ms milliseconds; 0 for never */
  constructor(
    private readonly ms: number,
    private readonly expire: () => void,
  ) {}

  /** Goes on where it runs already. */
  start(): void {
    if (this.ms > 0) this.#timer ??= setTimeout(this.expire, this.ms);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
