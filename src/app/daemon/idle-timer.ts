/** Calls `expire` when no call has been in flight for so long. */
export class IdleTimer {
  #timer: NodeJS.Timeout | undefined;

  /** @param ms milliseconds; 0 for never */
  constructor(
    private readonly ms: number,
    private readonly expire: () => void,
  ) {}

  start(): void {
    this.stop();
    if (this.ms > 0) this.#timer = setTimeout(this.expire, this.ms);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
