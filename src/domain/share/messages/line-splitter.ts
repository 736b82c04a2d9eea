/** Cuts a stream of bytes, one character each, into lines, and holds no more of one than it may. */

export type SplitLine =
  | { readonly kind: 'line'; readonly line: string }
  /** Longer than the limit: its beginning, and its end. */
  | { readonly kind: 'too-long'; readonly head: string; readonly tail: string; readonly bytes: number };

/** Enough for the last member of a message. */
const TAIL_BYTES = 1024;

export class LineSplitter {
  #pieces: string[] = [];
  #bytes = 0;
  #tail = '';

  /** @param limit in bytes, without the line feed */
  constructor(private readonly limit: number) {}

  /** @returns the lines that have ended, without their line feeds */
  take(text: string): SplitLine[] {
    const lines: SplitLine[] = [];
    let from = 0;
    for (let feed = text.indexOf('\n'); feed >= 0; feed = text.indexOf('\n', from)) {
      this.#add(text.slice(from, feed));
      lines.push(this.#finish());
      from = feed + 1;
    }
    this.#add(text.slice(from));
    return lines;
  }

  #add(piece: string): void {
    if (piece === '') return;
    const room = this.limit - this.#bytes;
    this.#bytes += piece.length;
    if (room >= piece.length) this.#pieces.push(piece);
    else {
      const kept = Math.max(0, room);
      if (kept > 0) this.#pieces.push(piece.slice(0, kept));
      this.#tail = (this.#tail + piece.slice(kept)).slice(-TAIL_BYTES);
    }
  }

  #finish(): SplitLine {
    const [line, bytes, rest] = [this.#pieces.join(''), this.#bytes, this.#tail];
    this.#pieces = [];
    this.#bytes = 0;
    this.#tail = '';
    if (bytes <= this.limit) return { kind: 'line', line };
    // Where little is left out, the end reaches into the beginning.
    const tail = (line.slice(-TAIL_BYTES) + rest).slice(-TAIL_BYTES);
    return { kind: 'too-long', head: line, tail, bytes };
  }
}
