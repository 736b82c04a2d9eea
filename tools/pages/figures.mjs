/** Figures of the tables of measurements. */

/** @param {string} document @param {RegExp} row whose first group is a number @returns {number} */
export function figure(document, row) {
  const [, digits] = row.exec(document) ?? [];
  if (digits === undefined) throw new Error(`there is no row ${row}`);
  return Number(digits.replaceAll(',', ''));
}

/** @param {string} table that follows a heading @param {string} document @returns {string} */
export const after = (table, document) => document.slice(document.indexOf(table));

/** The command as npm installs it. */
export const INSTALLED = 'node_modules/.bin/solod call';

/** @param {string} table @param {string} what as a pattern */
export const medianOf = (table, what) =>
  figure(table, new RegExp(`\\| ${what} .*\\| ([\\d.,]+) / [\\d.,]+ (?:ms|MB)`));
