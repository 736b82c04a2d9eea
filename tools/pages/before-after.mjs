/** The picture of the README: memory and time, with and without solod, from the tables of measurements. */

import { after, figure, INSTALLED, medianOf } from './figures.mjs';

/** @typedef {{ label: string, value: number, kind: 'without' | 'with' }} Bar */
/** @typedef {{ title: string, unit: string, bars: Bar[] }} Panel */

/** @param {string} share docs/share.md @param {string} performance docs/performance.md @returns {Panel[]} */
export function panelsOf(share, performance) {
  const ten = after('| ten idle sessions', share);
  const work = after('#### work', performance);
  return [
    {
      title: 'Ten sessions, one MCP server: memory',
      unit: 'MiB',
      bars: [
        { label: 'a copy each', value: figure(ten, /\| a copy each \| ([\d,]+) MiB/), kind: 'without' },
        {
          label: 'solod share',
          value: figure(ten, /\| shared, native client \| ([\d,]+) MiB/),
          kind: 'with',
        },
      ],
    },
    {
      title: 'Linting one file: time',
      unit: 'ms',
      bars: [
        {
          label: 'eslint',
          value: figure(work, /\| eslint, cold .*\| ([\d.,]+) \/ [\d.,]+ ms/),
          kind: 'without',
        },
        { label: 'solod', value: medianOf(work, `${INSTALLED}, linting one file`), kind: 'with' },
        { label: 'solod, on Node', value: medianOf(work, 'solod call, linting one file'), kind: 'with' },
      ],
    },
  ];
}

/** For who can't see the picture. @param {readonly Panel[]} panels @returns {string} */
export const textOf = (panels) =>
  panels
    .map(({ title, unit, bars }) => {
      const best = (/** @type {Bar['kind']} */ kind) =>
        `${Math.min(...bars.filter((bar) => bar.kind === kind).map(({ value }) => Math.round(value)))} ${unit}`;
      return `${title.replace(/: \w+$/, '')}: ${best('without')} without solod, ${best('with')} with it.`;
    })
    .join(' ');

const WIDTH = 500;
const LABELS = 130;
const VALUES = 70;
const LINE = 30;
const HEADING = 40;

const STYLE = `
  text { font: 14px system-ui, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; }
  .ground { fill: #ffffff; }
  .without { fill: #8c959f; }
  .with { fill: #2da44e; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .ground { fill: #0d1117; }
    .without { fill: #6e7681; }
    .with { fill: #3fb950; }
  }`;

/** @param {readonly Panel[]} panels @returns {string} */
export function pictureOf(panels) {
  let top = 0;
  const parts = panels.map((panel) => {
    const drawn = drawPanel(panel, top);
    top += HEADING + panel.bars.length * LINE;
    return drawn;
  });
  const height = top + 14;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${titleOf(panels)}</title>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="ground" width="${WIDTH}" height="${height}" rx="8"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

/** @param {readonly Panel[]} panels */
const titleOf = (panels) =>
  panels
    .map(
      ({ title, unit, bars }) =>
        `${title}: ${bars.map((bar) => `${bar.label} ${bar.value} ${unit}`).join(', ')}`,
    )
    .join('. ');

/** @param {Panel} panel @param {number} top */
function drawPanel({ title, unit, bars }, top) {
  const most = Math.max(...bars.map(({ value }) => value));
  const lines = bars.map(({ label, value, kind }, index) => {
    const y = top + HEADING + index * LINE;
    const width = Math.max(2, (value / most) * (WIDTH - LABELS - VALUES - 20)).toFixed(1);
    const end = LABELS + Number(width) + 8;
    return [
      `<text x="14" y="${y + 16}">${label}</text>`,
      `<rect class="${kind}" x="${LABELS}" y="${y}" width="${width}" height="22" rx="3"/>`,
      `<text x="${end.toFixed(1)}" y="${y + 16}">${Math.round(value)} ${unit}</text>`,
    ].join('\n');
  });
  return [`<text class="title" x="14" y="${top + 27}">${title}</text>`, ...lines].join('\n');
}
