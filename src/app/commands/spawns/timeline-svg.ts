/** A timeline of the starts of a name: one lane per process, time from left to right. */

import type { Lane, Outcome, StagePhase } from '../../../domain/lifecycle/start-history.js';
import { CUT_WIDTH, timeScale } from '../../../domain/statistics/time-scale.js';
import { escapeXml } from '../../../domain/text/escape-xml.js';
import { dateText, timeText } from '../../texts/clock-text.js';
import { durationText } from '../../texts/duration.js';
import { outcomeText, reasonText } from './start-text.js';

const WIDTH = 1400;
const NAME_WIDTH = 300;
const OUTCOME_WIDTH = 400;
const AXIS = { left: NAME_WIDTH, width: WIDTH - NAME_WIDTH - OUTCOME_WIDTH, top: 100 };
/** Below the lanes: two alternating rows that say what was cut, and the legend. */
const FOOT = 66;
const ROW = 26;
const BAR = 12;
/** The width of a character of 12 pixels in a fixed-width font, in pixels. */
const CHARACTER = 7.3;

/** Colours by class, so that they follow the reader's light or dark background. */
const STYLE = `
  svg { color-scheme: light dark; --ground: #ffffff; --ink: #1f2328; --faint: #656d76; --line: #d0d7de;
    --starting: #9a6700; --loading: #0969da; --serving: #1a7f37; --failed: #cf222e; --gave-way: #8250df; }
  @media (prefers-color-scheme: dark) {
    svg { --ground: #0d1117; --ink: #e6edf3; --faint: #8d96a0; --line: #30363d;
      --starting: #d29922; --loading: #58a6ff; --serving: #3fb950; --failed: #ff7b72; --gave-way: #bc8cff; }
  }
  text { font: 12px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: var(--ink); }
  .title { font-size: 15px; font-weight: bold; }
  .faint { fill: var(--faint); }
  .ground { fill: var(--ground); }
  line { stroke: var(--line); }
  .starting { fill: var(--starting); } .loading { fill: var(--loading); } .serving { fill: var(--serving); }
  .failed, .gone { fill: var(--failed); } .gave-way { fill: var(--gave-way); } .ended, .open { fill: var(--faint); }
  .cut { fill: none; stroke: var(--faint); stroke-dasharray: 2 3; }
`;

export interface Timeline {
  readonly title: string;
  /** Whether the next start is held back. */
  readonly verdict: string;
  /** At least one. */
  readonly lanes: readonly Lane[];
}

export function timelineSvg({ title, verdict, lanes }: Timeline): string {
  const scale = timeScale(lanes.flatMap(timesOf), AXIS.width);
  const height = AXIS.top + lanes.length * ROW + FOOT;
  const place = (ms: number): number => AXIS.left + scale.place(ms);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escapeXml(title)}</title><style>${STYLE}</style>`,
    `<rect class="ground" width="${WIDTH}" height="${height}"/>`,
    `<text class="title" x="12" y="26">${escapeXml(title)}</text>`,
    `<text class="faint" x="12" y="46">${escapeXml(shortened(verdict, WIDTH - 24))}</text>`,
    ...scale.ticks.map(({ ms }, index) => tick(place(ms), ms, height, scale.ticks[index - 1]?.ms)),
    ...scale.cuts.map(({ x, ms }, index) => cut(AXIS.left + x, ms, height, index % 2)),
    ...lanes.map((lane, index) => laneText(lane, AXIS.top + index * ROW, place)),
    legend(height - 14),
    '</svg>',
    '',
  ].join('\n');
}

function timesOf({ stretches, claimed, readyMs, atMs }: Lane): readonly number[] {
  const inside = [claimed?.atMs, readyMs, atMs].filter((ms) => ms !== undefined);
  return [...stretches.flatMap(({ fromMs, toMs }) => [fromMs, toMs]), ...inside];
}

/** The date stands only where it differs from that of the tick before. */
function tick(place: number, ms: number, height: number, before: number | undefined): string {
  const x = round(place);
  const date = before === undefined || dateText(before) !== dateText(ms) ? dateText(ms) : '';
  return [
    `<line x1="${x}" y1="${AXIS.top - 10}" x2="${x}" y2="${height - FOOT}"/>`,
    `<text class="faint" x="${x}" y="${AXIS.top - 30}">${date}</text>`,
    `<text class="faint" x="${x}" y="${AXIS.top - 16}">${timeText(ms)}</text>`,
  ].join('');
}

/** The axis leaves out a stretch of time here; the text says how much. */
function cut(x: number, ms: number, height: number, row: number): string {
  const middle = round(x + CUT_WIDTH / 2);
  const top = AXIS.top - 6;
  return [
    `<rect class="cut" x="${round(x + 3)}" y="${top}" width="${CUT_WIDTH - 6}" height="${height - FOOT - top}"/>`,
    `<text class="faint" x="${middle}" y="${height - FOOT + 14 + row * 14}" text-anchor="middle">${durationText(ms)}</text>`,
  ].join('');
}

function laneText(lane: Lane, top: number, place: (ms: number) => number): string {
  const middle = top + ROW / 2;
  const baseline = middle + 4;
  const bars = lane.stretches.map(({ phase, fromMs, toMs }) => {
    // A stretch too short to be seen is drawn all the same.
    const width = Math.max(place(toMs) - place(fromMs), 1.5);
    const title = `${phase}, ${durationText(toMs - fromMs)}`;
    return `<rect class="${phase}" x="${round(place(fromMs))}" y="${middle - BAR / 2}" width="${round(width)}" height="${BAR}" rx="2"><title>${title}</title></rect>`;
  });
  const name = `${lane.pid} ${reasonText(lane)}`;
  const said = outcomeText(lane.outcome);
  return [
    `<g><text x="12" y="${baseline}">${labelled(name, NAME_WIDTH - 20)}</text>`,
    ...bars,
    markOf(lane.outcome, place(lane.atMs), middle),
    `<text class="${lane.outcome.kind}" x="${AXIS.left + AXIS.width + 16}" y="${baseline}">${labelled(said, OUTCOME_WIDTH - 24)}</text></g>`,
  ].join('');
}

/** One shape per outcome, so that they differ without colours. */
function markOf({ kind }: Outcome, place: number, middle: number): string {
  const x = round(place);
  switch (kind) {
    case 'open':
      return '';
    case 'gave-way':
      return `<path class="gave-way" d="M${x} ${middle - 8}l9 8l-9 8z"/>`;
    case 'failed':
      return `<path class="failed" d="M${round(place - 7)} ${middle - 5}l2 -2l5 5l5 -5l2 2l-5 5l5 5l-2 2l-5 -5l-5 5l-2 -2l5 -5z"/>`;
    case 'gone':
      return `<circle class="gone" cx="${x}" cy="${middle}" r="5"/>`;
    case 'ended':
      return `<rect class="ended" x="${round(place - 2)}" y="${middle - 8}" width="4" height="16"/>`;
  }
}

const PHASES: readonly StagePhase[] = ['starting', 'loading', 'serving'];
const MARKS: readonly Outcome[] = [
  { kind: 'gave-way', generation: 0 },
  { kind: 'failed', message: '' },
  { kind: 'ended', why: '' },
  { kind: 'gone' },
];

function legend(y: number): string {
  const phases = PHASES.map(
    (phase, index) =>
      `<rect class="${phase}" x="${12 + index * 90}" y="${y - 9}" width="14" height="10" rx="2"/><text x="${32 + index * 90}" y="${y}">${phase}</text>`,
  );
  const marks = MARKS.map((outcome, index) => {
    const x = 300 + index * 110;
    return `${markOf(outcome, x, y - 4)}<text x="${x + 14}" y="${y}">${outcome.kind.replace('-', ' ')}</text>`;
  });
  return [...phases, ...marks].join('');
}

/** The full text as a tooltip, and as much of it as there is room for. */
const labelled = (text: string, width: number): string =>
  `<title>${escapeXml(text)}</title>${escapeXml(shortened(text, width))}`;

function shortened(text: string, width: number): string {
  const characters = [...text.replace(/\s+/g, ' ')];
  const room = Math.floor(width / CHARACTER);
  return characters.length <= room ? characters.join('') : `${characters.slice(0, room - 1).join('')}…`;
}

const round = (n: number): number => Math.round(n * 10) / 10;
