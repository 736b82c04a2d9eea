/** A seeded source of choices (mulberry32): the same seed makes the same ones. */
export class Choices {
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

  /** @param {number} share @returns {boolean} */
  chance(share) {
    return this.fraction() < share;
  }

  /** @template T @param {readonly T[]} list @returns {T} */
  oneOf(list) {
    return list[this.between(0, list.length - 1)];
  }

  /** @template {{ weight: number }} T @param {readonly T[]} list @returns {T} */
  weighted(list) {
    let left = this.fraction() * list.reduce((sum, { weight }) => sum + weight, 0);
    return (
      list.find(({ weight }) => {
        left -= weight;
        return left < 0;
      }) ?? list[0]
    );
  }

  /** Choices of one act: however many it makes, those of the next act are the same. */
  fork() {
    return new Choices(Math.floor(this.fraction() * 0x1_0000_0000));
  }
}
