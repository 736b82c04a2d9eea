/** Tables in Markdown, and where they go in a document. */

/** @param {readonly string[]} cells */
const lineOf = (cells) => `| ${cells.join(' | ')} |`;

/**
 * A table whose columns line up in the source too.
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} lines
 */
export function markdownTable(head, lines) {
  const all = [head, ...lines].map((cells) => cells.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, column) => Math.max(3, ...all.map((cells) => (cells[column] ?? '').length)));
  const padded = all.map((cells) => lineOf(cells.map((cell, column) => cell.padEnd(widths[column] ?? 0))));
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [padded[0], rule, ...padded.slice(1)].join('\n');
}

/**
 * A table whose first column is text; the others are figures, and aligned to the right.
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} lines
 */
export function figuresTable(head, lines) {
  const rule = head.map((_, column) => (column === 0 ? '---' : '--:'));
  return [head, rule, ...lines].map(lineOf).join('\n');
}

/**
 * @param {string} name of the marks `<!-- name -->` and `<!-- end of name -->`
 * @param {string} text of a document
 * @param {string} table
 * @returns {string} the document, with the table between its marks
 * @throws if the marks are missing
 */
export function withTable(name, text, table) {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`there is no place for the table: ${begin} … ${end}`);
  return `${text.slice(0, from + begin.length)}\n${table}\n${text.slice(to)}`;
}
