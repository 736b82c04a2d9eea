/**
 * The log of a name: `log`, to which every daemon appends, and two copies of what it held before. A log that
 * gets too long is copied and emptied. Its next part starts with a line that numbers it, so that a reader
 * knows where it is.
 */

import { SPEAKER } from './speaker.js';

const PART = 'the log goes on, part';
const PART_LINE = new RegExp(`^${SPEAKER}${PART} ([0-9]{1,9})$`, 'm');
const RUN_LINE = new RegExp(`^${SPEAKER}serving .+ \\(pid [0-9]+, generation [0-9]+\\)$`, 'gm');

/** How much of a part is searched for its number: another process may have written a line before it. */
export const PART_HEAD_BYTES = 4096;

export const partLine = (part: number): string => `${SPEAKER}${PART} ${part}\n`;

/** What a daemon says when it starts to serve. A run starts with this line. */
export const servingText = (label: string, pid: number, generation: number): string =>
  `serving ${label} (pid ${pid}, generation ${generation})`;

/** What a candidate says that gives way. */
export const servedByText = (label: string, generation: number, directory: string): string =>
  `${label} is served by generation ${generation} in ${directory}`;

/**
 * @param head the start of a part
 * @returns its number; 0 for a log that has not been emptied yet
 */
export function partOf(head: string): number {
  return Number(PART_LINE.exec(head)?.[1] ?? 0);
}

export interface Part {
  readonly part: number;
  /** One character a byte (Latin-1), so that an index into it is an offset into the file. */
  readonly text: string;
}

/**
 * Everything that is kept, oldest first, without the lines that number the parts. A line says where parts are
 * missing.
 * @param parts oldest first; one that was copied while they were read may occur twice
 */
export function joinParts(parts: readonly Part[]): string {
  const distinct = parts.filter(({ part }, index) => part === 0 || part !== parts[index + 1]?.part);
  return distinct
    .map(({ part, text }, index) => {
      const gap = part - (distinct[index - 1]?.part ?? part) - 1;
      const plain = text.startsWith(partLine(part)) ? text.slice(partLine(part).length) : text;
      return gap > 0 ? gapLine(gap) + plain : plain;
    })
    .join('');
}

export const gapLine = (parts: number): string =>
  `${SPEAKER}${parts === 1 ? 'one part' : `${parts} parts`} of the log in between ${parts === 1 ? 'is' : 'are'} not kept\n`;

/** What the latest daemon wrote, and starts that failed after it; everything if none has served yet. */
export function latestRun(text: string): string {
  return text.slice([...text.matchAll(RUN_LINE)].at(-1)?.index ?? 0);
}

/** @param count how many lines from the end; a last one without a line feed counts */
export function lastLines(text: string, count: number): string {
  if (count === 0) return '';
  let from = text.length;
  for (let line = 0; line < count && from > 0; line++)
    from = from < 2 ? 0 : text.lastIndexOf('\n', from - 2) + 1;
  return text.slice(from);
}
