/** Reads the log of a name, and follows it when it is truncated, replaced or removed. */

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

/** Of a longer log, whose size nobody limits, only the end is read. */
const READ_BYTES_MAX = 16 * 1024 * 1024;

/** A log that is shorter than before, at so many looks in a row, is another one. */
const SURPRISES = 3;

interface Read extends Part {
  /** Offset after the part that was read. */
  readonly end: number;
}

/** Text has one character a byte (Latin-1), so that bytes that aren't UTF-8 are kept. */
export class LogReader {
  /** Oldest first; the last is written to. */
  readonly #paths: readonly [previous: string, before: string, current: string];
  #part = 0;
  #offset = 0;
  #surprises = 0;

  /** @param directory the directory of a name */
  constructor(directory: string) {
    const path = (name: string): string => join(directory, name);
    this.#paths = [path(NAMES.logPrevious), path(NAMES.logBefore), path(NAMES.log)];
  }

  /** @returns everything that is kept; undefined if no log can be read */
  whole(): string | undefined {
    const [previous, before, current] = this.#paths;
    // Reads the current one first. If it is copied meanwhile, lines show twice; in another order they would
    // be missing.
    const latest = readPart(current, 0);
    const parts = [readPart(previous, 0), readPart(before, 0), latest].filter((part) => part !== undefined);
    if (latest !== undefined) this.#follow(latest);
    return parts.length === 0 ? undefined : joinParts(parts);
  }

  /** What has been added since the last time. */
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
   * Either the log is being truncated at this moment and its number is not written yet, or somebody removed
   * it and another one was begun.
   */
  #shortened({ end }: Read): string {
    if (end > 0) this.#surprises += 1;
    if (this.#surprises < SURPRISES) return '';
    this.#surprises = 0;
    // Only a number distinguishes a copy of this log from a copy of a run before.
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

  /** The unread rest of the part that was copied, and the parts that came and went since. */
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
    // It was truncated during the read. The next look tells more.
    const after = fstatSync(descriptor).size;
    return after < size ? { part, text: '', end: after } : { part, text, end: size };
  });
}
