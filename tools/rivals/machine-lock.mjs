/**
 * Lets only one round keep the machine busy: a round holds the lock while its clients run, and releases it
 * while they only wait.
 */
export class MachineLock {
  /** @type {Promise<void>} */
  #last = Promise.resolve();
  /** @type {() => void} */
  #release = () => {};

  async acquire() {
    const before = this.#last;
    /** @type {() => void} */
    let release = () => {};
    this.#last = new Promise((resolve) => {
      release = resolve;
    });
    await before;
    this.#release = release;
  }

  release() {
    this.#release();
  }

  /**
   * Waits without the lock, and acquires it again.
   * @template T
   * @param {Promise<T>} waiting
   * @returns {Promise<T>}
   */
  async releasedDuring(waiting) {
    this.release();
    try {
      return await waiting;
    } finally {
      await this.acquire();
    }
  }
}
