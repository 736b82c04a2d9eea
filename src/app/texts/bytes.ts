const UNITS: Readonly<Record<string, number>> = { B: 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/**
 * @param text a whole number and a unit: `512M`, `2G`; without a unit, bytes
 * @returns bytes; undefined for anything else, and for zero
 */
export function parseBytes(text: string): number | undefined {
  const match = /^([1-9][0-9]{0,14})([BKMG])?$/.exec(text);
  const factor = UNITS[match?.[2] ?? 'B'];
  return match?.[1] === undefined || factor === undefined ? undefined : Number(match[1]) * factor;
}
