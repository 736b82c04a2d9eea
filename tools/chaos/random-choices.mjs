/** A seeded source of random choices (mulberry32): the same seed makes the same choices. */
export class RandomChoices {
  #state;

  /** @param {number} seed */
  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** @returns {number} from 0 to below 1 */
  fraction() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  }

  /** @param {number} low @param {number} high @returns {number} a whole number, both ends included */
  between(low, high) {
    return low + Math.floor(this.fraction() * (high - low + 1));
  }

  /** @param {number} share @returns {boolean} true in that share of cases */
  chance(share) {
    return this.fraction() < share;
  }

  /** @template T @param {readonly T[]} list that is not empty @returns {T} */
  oneOf(list) {
    return /** @type {T} */ (list[this.between(0, list.length - 1)]);
  }

  /** @template {{ weight: number }} T @param {readonly T[]} list that is not empty @returns {T} */
  weighted(list) {
    let left = this.fraction() * list.reduce((sum, { weight }) => sum + weight, 0);
    const found = list.find(({ weight }) => {
      left -= weight;
      return left < 0;
    });
    return found ?? /** @type {T} */ (list[0]);
  }

  /** Choices for one action: however many it draws, the next action draws the same. */
  fork() {
    return new RandomChoices(Math.floor(this.fraction() * 0x1_0000_0000));
  }
}
