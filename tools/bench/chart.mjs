/**
 * The results as a picture: a panel for each group, a bar for each row, its quartiles as a whisker, its
 * target as a mark.
 */
import { grouped, resultText, targetText } from './table.mjs';

/** @typedef {import('./rows.mjs').Row} Row */

const WIDTH = 1000;
const LABELS = 500;
const VALUES = 150;
const BAR_HEIGHT = 14;
const LINE_HEIGHT = 24;
const HEADING_HEIGHT = 36;
const BARS = WIDTH - LABELS - VALUES;
const LABEL_CHARACTERS = 84;

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328; }
  .heading { font-weight: 600; font-size: 14px; }
  .value { font-variant-numeric: tabular-nums; }
  .ground { fill: #ffffff; }
  .bar { fill: #8c959f; }
  .met { fill: #2da44e; }
  .missed { fill: #cf222e; }
  .whisker { stroke: #1f2328; stroke-width: 1; }
  .target { stroke: #0969da; stroke-width: 2; }
  .one { stroke: #1f2328; stroke-width: 1; stroke-dasharray: 2 3; opacity: .5; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .ground { fill: #0d1117; }
    .bar { fill: #6e7681; }
    .met { fill: #3fb950; }
    .missed { fill: #f85149; }
    .whisker, .one { stroke: #e6edf3; }
    .target { stroke: #58a6ff; }
  }`;

/** @param {string} text */
const escaped = (text) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** @param {Row['target']} target @returns {number | undefined} */
const goalOf = (target) => (target === undefined ? undefined : Object.values(target)[0]);

/** @param {number | string} width @param {number} height */
const sizeOf = (width, height) => `width="${width}" height="${height}"`;

/** @typedef {{ x: number, y: number }} Point */
/** @param {string} kind @param {Point} from @param {Point} to */
const line = (kind, from, to) =>
  `<line class="${kind}" x1="${from.x.toFixed(1)}" y1="${from.y}" x2="${to.x.toFixed(1)}" y2="${to.y}"/>`;

/** @param {string} kind @param {number} x @param {number} top @param {number} bottom */
const upright = (kind, x, top, bottom) => line(kind, { x, y: top }, { x, y: bottom });

/** @param {Row} row @param {number} top @param {(value: number) => number} xOf where a value lies */
function bar(row, top, xOf) {
  const middle = top + BAR_HEIGHT / 2;
  const label = `${row.what} / ${row.against}`;
  const cut = label.length > LABEL_CHARACTERS ? `${label.slice(0, LABEL_CHARACTERS - 1)}…` : label;
  const goal = goalOf(row.target);
  const said = targetText(row.target, row.kind, row.unit);
  const told = `${label}: ${resultText(row)}${said === '' ? '' : `, ${said}: ${row.verdict}`}`;
  const width = Math.max(0, xOf(row.median) - LABELS).toFixed(1);
  const value = row.kind === 'ratio' ? row.median.toFixed(2) : `${row.median.toFixed(1)} ${row.unit} more`;
  return [
    `<g><title>${escaped(told)}</title>`,
    `<text x="${LABELS - 10}" y="${middle + 4}" text-anchor="end">${escaped(cut)}</text>`,
    `<rect class="${row.verdict ?? 'bar'}" x="${LABELS}" y="${top}" ${sizeOf(width, BAR_HEIGHT)}/>`,
    line('whisker', { x: xOf(row.low), y: middle }, { x: xOf(row.high), y: middle }),
    goal === undefined ? '' : upright('target', xOf(goal), top - 3, top + BAR_HEIGHT + 3),
    `<text class="value" x="${LABELS + BARS + 10}" y="${middle + 4}">${escaped(value)}</text></g>`,
  ].join('');
}

/** @param {string} group @param {readonly Row[]} rows @param {number} top */
function panel(group, rows, top) {
  const most = Math.max(
    1,
    ...rows.flatMap(({ high, median, target }) => [high, median, goalOf(target) ?? 0]),
  );
  const xOf = (/** @type {number} */ value) => LABELS + (Math.max(0, value) / most) * BARS;
  const first = top + HEADING_HEIGHT;
  const bars = rows.map((row, index) => bar(row, first + index * LINE_HEIGHT, xOf));
  const bottom = first + rows.length * LINE_HEIGHT;
  const heading = `<text class="heading" x="${LABELS}" y="${top + 22}">${escaped(group)}</text>`;
  const one = rows.some(({ kind }) => kind === 'ratio') ? upright('one', xOf(1), first - 6, bottom - 6) : '';
  return { text: [heading, ...bars, one].join('\n'), bottom };
}

/** @param {readonly Row[]} rows @returns {string} SVG that is readable on light and on dark */
export function chart(rows) {
  let bottom = 0;
  const panels = [...grouped(rows.filter(({ median }) => Number.isFinite(median)))].map(([group, some]) => {
    const made = panel(group, some, bottom);
    bottom = made.bottom;
    return made.text;
  });
  const height = bottom + 20;
  const size = `viewBox="0 0 ${WIDTH} ${height}" ${sizeOf(WIDTH, height)}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img">
<title>What was measured, as a ratio to what it is compared with; the blue mark is the target</title>
<style>${STYLE}
</style>
<rect class="ground" width="${WIDTH}" height="${height}"/>
${panels.join('\n')}
</svg>
`;
}
