/** Reads the log of a name, and goes on reading where it is emptied, replaced or removed meanwhile. */

import { fstatSync } from 'node:fs';
import { join, NAMES } from '../../../domain/place/layout.js';
import {
  gapLine,
  joinParts,
  PART_HEAD_BYTES,
  type Part,
  partLine,
  partOf,
} from '../../../domain/text/log-parts.js';
import { bytesOf, readingFrom } from '../files/appended-file.js';

/** Of a log that nobody keeps within bounds, a program's of its own say, the end is read. */
const READ_BYTES_MAX = 16 * 1024 * 1024;

/** A log that is shorter than it was, so many looks in a row, is another one. */
const SURPRISES = 3;

interface Read extends Part {
  /** The offset after what was read. */
  readonly end: number;
}

/** Text is one character a byte (Latin-1), so that nothing is lost that is no UTF-8. */
export class LogReader {
  /** From the oldest to the one that is written to. */
  readonly #paths: readonly [previous: string, before: string, current: string];
  #part = 0;
  #offset = 0;
  #surprises = 0;

  /** @param directory the directory of a name */
  constructor(directory: string) {
    const path = (name: string): string => join(directory, name);
    this.#paths = [path(NAMES.logPrevious), path(NAMES.logBefore), path(NAMES.log)];
  }

  /** @returns all that is kept; undefined where there is no log, or none that can be read */
  whole(): string | undefined {
    const [previous, before, current] = this.#paths;
    // The current one first: what is copied meanwhile is there twice then, and not at all the other way
    // round.
    const latest = readPart(current, 0);
    const parts = [readPart(previous, 0), readPart(before, 0), latest].filter((part) => part !== undefined);
    if (latest !== undefined) this.#follow(latest);
    return parts.length === 0 ? undefined : joinParts(parts);
  }

  /** What has come since the last time. */
  more(): string {
    const current = readPart(this.#paths[2], this.#offset);
    if (current === undefined) return '';
    const isNext = current.part > this.#part;
    if (!isNext && (current.part < this.#part || current.end < this.#offset)) return this.#shortened(current);
    this.#surprises = 0;
    if (isNext) return this.#upTo(current.part) + this.#begun();
    this.#follow(current);
    return current.text;
  }

  /**
   * It is being emptied this very moment, and its number still to come; or somebody has removed it, and
   * another was begun.
   */
  #shortened({ end }: Read): string {
    if (end > 0) this.#surprises += 1;
    if (this.#surprises < SURPRISES) return '';
    this.#surprises = 0;
    // Only a number tells a copy of what was read from one of a run before.
    const rest = this.#part > 0 ? this.#copyOf(this.#part, this.#offset)?.text : undefined;
    return (rest ?? '') + this.#begun();
  }

  #begun(): string {
    const current = readPart(this.#paths[2], 0);
    if (current === undefined) return '';
    this.#follow(current);
    return withoutNumber(current);
  }

  #follow({ part, end }: Read): void {
    this.#part = part;
    this.#offset = end;
  }

  /**
   * What had not been read of the last part when it was copied, and the parts that have come and gone since.
   */
  #upTo(current: number): string {
    const rest = this.#copyOf(this.#part, this.#offset);
    const between = current - this.#part - 1;
    const latest = between > 0 ? this.#copyOf(current - 1, 0) : undefined;
    const missing = between + (rest === undefined ? 1 : 0) - (latest === undefined ? 0 : 1);
    return [
      rest?.text ?? '',
      missing > 0 ? gapLine(missing) : '',
      latest === undefined ? '' : withoutNumber(latest),
    ].join('');
  }

  #copyOf(part: number, offset: number): Read | undefined {
    const copies = [this.#paths[1], this.#paths[0]].map((path) => readPart(path, offset));
    return copies.find((copy) => copy?.part === part);
  }
}

function withoutNumber({ part, text }: Part): string {
  return text.startsWith(partLine(part)) ? text.slice(partLine(part).length) : text;
}

function readPart(path: string, offset: number): Read | undefined {
  return readingFrom(path, undefined, (descriptor) => {
    const { size } = fstatSync(descriptor);
    const from = Math.max(offset, size - READ_BYTES_MAX);
    const text = bytesOf(descriptor, from, size).toString('latin1');
    const part = partOf(bytesOf(descriptor, 0, PART_HEAD_BYTES).toString('latin1'));
    // Emptied while it was read, it shows nothing that can be told apart; the next look will.
    const after = fstatSync(descriptor).size;
    return after < size ? { part, text: '', end: after } : { part, text, end: size };
  });
}
