/** Which known words somebody may have meant who has mistyped one. */

/** So many letters may be wrong, missing, too many, or exchanged with the next one. */
const MISTAKES_MAX = 2;

/**
 * @param known in upper or in lower case
 * @returns at most so many, the nearest first; those that begin so are the nearest
 */
export function similarWords<T extends string>(written: string, known: readonly T[], max: number): T[] {
  const asked = written.toUpperCase();
  if (asked.length < 3) return [];
  return known
    .map((word) => ({ word, far: distance(asked, word.toUpperCase()) }))
    .filter(({ far }) => far <= Math.min(MISTAKES_MAX, asked.length / 3))
    .sort((one, other) => one.far - other.far)
    .slice(0, max)
    .map(({ word }) => word);
}

function distance(asked: string, word: string): number {
  return word.startsWith(asked) ? 0 : mistakesBetween(asked, word);
}

/** Damerau and Levenshtein: the fewest changes of one letter, or of two neighbours, between two words. */
function mistakesBetween(one: string, other: string): number {
  let [before, last]: [number[], number[]] = [[], Array.from({ length: other.length + 1 }, (_, at) => at)];
  for (let row = 1; row <= one.length; row++) {
    const next = [row];
    for (let at = 1; at <= other.length; at++) {
      const isSame = one[row - 1] === other[at - 1];
      const isSwapped = one[row - 1] === other[at - 2] && one[row - 2] === other[at - 1];
      const changed = (last[at - 1] ?? 0) + (isSame ? 0 : 1);
      const swapped = isSwapped ? (before[at - 2] ?? 0) + 1 : changed;
      next.push(Math.min((last[at] ?? 0) + 1, (next[at - 1] ?? 0) + 1, changed, swapped));
    }
    [before, last] = [last, next];
  }
  return last[other.length] ?? 0;
}
