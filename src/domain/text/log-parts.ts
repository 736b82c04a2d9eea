/**
 * The log of a name: `log`, which everybody appends to, and two copies of what it held before. A log that became too long is
 * copied and emptied, and begins its next part with a line that numbers it, so that a reader knows where it has got to.
 */

const PART_LINE = /^solod: the log goes on, part ([0-9]{1,9})$/m;
/** The first line of a daemon that serves: there its run begins. */
const RUN_LINE = /^solod: serving .+ \(pid [0-9]+, generation [0-9]+\)$/gm;

/** So much of a part is searched for its number: a line of another process may have come in before it. */
export const PART_HEAD_BYTES = 4096;

export const partLine = (part: number): string => `solod: the log goes on, part ${part}\n`;

/**
 * @param head the beginning of a part
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
 * The whole of what is kept, oldest first, without the lines that number the parts; where some are not kept, a line says so.
 * @param parts oldest first; one that was copied while they were read may be there twice
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
  `solod: ${parts === 1 ? 'one part' : `${parts} parts`} of the log in between ${parts === 1 ? 'is' : 'are'} not kept\n`;

/** What the latest daemon wrote, and whoever failed to start after it; all, where nobody has said that it serves. */
export function latestRun(text: string): string {
  return text.slice([...text.matchAll(RUN_LINE)].at(-1)?.index ?? 0);
}

/** @param count how many lines from the end; a last one without a line feed is one */
export function lastLines(text: string, count: number): string {
  if (count === 0) return '';
  let from = text.length;
  for (let line = 0; line < count && from > 0; line++)
    from = from < 2 ? 0 : text.lastIndexOf('\n', from - 2) + 1;
  return text.slice(from);
}
