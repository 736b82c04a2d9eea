/**
 * Where the output of a call ends, on a descriptor that outlives the call. The worker writes a random marker
 * after the call's last byte. What it says on its channel can overtake bytes on a descriptor; the marker
 * can't.
 */

/** Long enough that no output holds it by chance. */
export const MARKER_BYTES = 16;

export interface Marked {
  /** What belongs to the call. */
  readonly output: Buffer;
  readonly end: 'found' | 'not-yet';
}

const NOTHING = Buffer.alloc(0);

export class EndMarker {
  /** The end of what has come, where it may be the beginning of the marker. */
  #held: Buffer = NOTHING;

  constructor(private readonly marker: Buffer) {}

  take(bytes: Buffer): Marked {
    const all = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    const at = all.indexOf(this.marker);
    if (at >= 0) return { output: all.subarray(0, at), end: 'found' };
    const kept = this.#beginningAtEnd(all);
    this.#held = all.subarray(all.length - kept);
    return { output: all.subarray(0, all.length - kept), end: 'not-yet' };
  }

  /** The worker has ended without a marker: what is held is output. */
  rest(): Buffer {
    return this.#held;
  }

  /** @returns how many of the last bytes are the first ones of the marker */
  #beginningAtEnd(bytes: Buffer): number {
    for (let length = Math.min(this.marker.length - 1, bytes.length); length > 0; length--)
      if (bytes.subarray(bytes.length - length).equals(this.marker.subarray(0, length))) return length;
    return 0;
  }
}
