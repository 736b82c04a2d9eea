/**
 * Remembers 64 bits of each state. For 10 million states the chance that any two share them is about 3 in a
 * million. An open hash table of pairs of 32 bits; 0 and 0 mark a free slot.
 */
export class Seen {
  #table = new Uint32Array(2 << 16);
  #capacity = 1 << 16;
  size = 0;

  /** @returns whether it was new */
  add({ high, low }: Key): boolean {
    if (!this.#insert(high, high === 0 && low === 0 ? 1 : low)) return false;
    this.size += 1;
    if (this.size * 2 > this.#capacity) this.#grow();
    return true;
  }

  #insert(high: number, low: number): boolean {
    const mask = this.#capacity - 1;
    for (let slot = (high ^ low) & mask; ; slot = (slot + 1) & mask) {
      const storedHigh = this.#table[slot * 2];
      const storedLow = this.#table[slot * 2 + 1];
      if (storedHigh === 0 && storedLow === 0) {
        this.#table[slot * 2] = high;
        this.#table[slot * 2 + 1] = low;
        return true;
      }
      if (storedHigh === high && storedLow === low) return false;
    }
  }

  #grow(): void {
    const old = this.#table;
    this.#capacity *= 2;
    this.#table = new Uint32Array(this.#capacity * 2);
    for (let slot = 0; slot < old.length; slot += 2) {
      const high = old[slot] ?? 0;
      const low = old[slot + 1] ?? 0;
      if (high !== 0 || low !== 0) this.#insert(high, low);
    }
  }
}

/** Two independent hashes of 32 bits each, unsigned. */
export interface Key {
  readonly high: number;
  readonly low: number;
}
