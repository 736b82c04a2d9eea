/**
 * The order of versions: Semantic Versioning 2.0.0, section 11, and beyond it every other text that a service
 * may call its version: more or fewer than three numbers, and none at all, which is earlier than any. Why not
 * by a library: decision 13.
 */

/**
 * Compares two versions.
 * @returns positive if `a` is later than `b`, negative if it is earlier, 0 if neither
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parseVersion(a), parseVersion(b)];
  return (
    compareParts(left.release, right.release, 0) || comparePrereleases(left.prerelease, right.prerelease)
  );
}

interface Version {
  readonly release: readonly string[];
  readonly prerelease: readonly string[];
}

function parseVersion(text: string): Version {
  // Build metadata says nothing of precedence.
  const [plain = ''] = text.trim().replace(/^v/, '').split('+');
  const dash = plain.indexOf('-');
  const release = (dash < 0 ? plain : plain.slice(0, dash)).split('.').filter((part) => part !== '');
  return { release, prerelease: dash < 0 ? [] : plain.slice(dash + 1).split('.') };
}

/** A version without a prerelease comes after all that have one. */
function comparePrereleases(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return Math.sign(b.length) - Math.sign(a.length);
  return compareParts(a, b, 0);
}

function compareParts(a: readonly string[], b: readonly string[], from: number): number {
  const [left, right] = [a[from], b[from]];
  if (left === undefined || right === undefined)
    return Number(left !== undefined) - Number(right !== undefined);
  return comparePart(left, right) || compareParts(a, b, from + 1);
}

const NUMBER = /^[0-9]{1,15}$/;

/** Numbers by their value, and before words; words by their characters. */
function comparePart(a: string, b: string): number {
  const [isNumberA, isNumberB] = [NUMBER.test(a), NUMBER.test(b)];
  if (isNumberA && isNumberB) return Number(a) - Number(b);
  if (isNumberA !== isNumberB) return isNumberA ? -1 : 1;
  return a === b ? 0 : a < b ? -1 : 1;
}
