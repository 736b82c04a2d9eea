/**
 * A schedule as a story: who made which call, and what it answered, line by line. The text alone suffices to
 * play it again.
 */

import { escapeXml } from '../../../domain/text/escape-xml.js';
import { FAULT } from '../machine/simulated-ports.js';
import { type Made, processOf, type World } from '../machine/simulated-state.js';
import { type Action, type Rules, SAYINGS, take } from './actions.js';

export interface Line extends Made {
  readonly number: number;
  readonly role: string;
  /** The action that the call belongs to: one action may be several calls that nobody else can notice. */
  readonly action: number;
}

export function tell(first: World, schedule: readonly Action[], rules: Rules): readonly Line[] {
  const lines: Line[] = [];
  let world = first;
  for (const [action, taken] of schedule.entries()) {
    const before = world;
    world = take(world, taken, rules, (made) =>
      lines.push({ ...made, number: lines.length + 1, role: roleOf(before, made.pid), action: action + 1 }),
    );
  }
  return lines;
}

function roleOf(world: World, pid: number): string {
  const process = processOf(world, pid);
  if (process === undefined) return 'everybody';
  const { kind } = process.program;
  return kind === 'serving' || kind === 'draining'
    ? 'daemon'
    : process.role === 'classic'
      ? 'candidate'
      : process.role;
}

const WIDTH = { number: 4, who: 14, call: 52 };

export function storyText(lines: readonly Line[]): string {
  return lines
    .map(({ number, pid, role, call, answer }) => {
      const who = `${role} ${pid}`.padEnd(WIDTH.who);
      return `${`${number}.`.padStart(WIDTH.number)} ${who} ${call.padEnd(WIDTH.call)} ${answer}`.trimEnd();
    })
    .join('\n');
}

interface Told {
  readonly pid: number;
  /** What happened from outside; undefined for a call. */
  readonly kind: keyof typeof SAYINGS | undefined;
  readonly luck: 'works' | 'fails';
}

function toldIn(line: string): Told {
  const match = /^\s*\d+\.\s+\S+\s+(\d+)\s+(.*)$/.exec(line);
  const [, pid, rest = ''] = match ?? [];
  if (pid === undefined) throw new Error(`no line of a story: ${line}`);
  const kinds = Object.keys(SAYINGS) as (keyof typeof SAYINGS)[];
  const kind = kinds.find((candidate) => rest.trim() === SAYINGS[candidate]);
  return { pid: Number(pid), kind, luck: rest.includes(`"${FAULT}"`) ? 'fails' : 'works' };
}

/**
 * The schedule that a story was told of.
 * @throws where the text is not a story, or not one of these worlds
 */
export function scheduleFrom(text: string, first: World, rules: Rules): readonly Action[] {
  const told = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(toldIn);
  const schedule: Action[] = [];
  let world = first;
  for (let line = 0; line < told.length; ) {
    const action = actionTold(world, told.slice(line), rules);
    let calls = 0;
    world = take(world, action, rules, () => {
      calls += 1;
    });
    if (calls === 0) throw new Error(`line ${line + 1}: process ${action.pid} can't make a call there`);
    schedule.push(action);
    line += calls;
  }
  return schedule;
}

/** A step is as many lines as it makes calls, and one of them may have failed. */
function actionTold(world: World, told: readonly Told[], rules: Rules): Action {
  const { pid = 0, kind } = told[0] ?? {};
  if (kind !== undefined) return { kind, pid };
  let calls = 0;
  take(world, { kind: 'step', pid }, rules, () => {
    calls += 1;
  });
  const call = told.slice(0, calls).findIndex(({ luck }) => luck === 'fails');
  return call < 0 ? { kind: 'step', pid } : { kind: 'fault', pid, call };
}

const LANE = { left: 60, width: 250, top: 56, row: 22 };
const COLOURS = ['#3b6ea5', '#a5573b', '#4d8a4d', '#7a5aa0', '#8a7a2d', '#2d7a8a'];

/** As pages are: light, or dark where that is preferred. */
const STYLE =
  'rect{fill:#fff}text{fill:#1f2328}.number{fill:#888}@media (prefers-color-scheme:dark){rect{fill:#0d1117}text{fill:#e6edf3}}';

/** The story as lanes over time: one lane a process, one row a call. */
export function storySvg(lines: readonly Line[], title: string): string {
  const pids = [...new Set(lines.map(({ pid }) => pid))].sort((a, b) => a - b);
  const x = (pid: number): number => LANE.left + pids.indexOf(pid) * LANE.width;
  const height = LANE.top + lines.length * LANE.row + 20;
  const width = LANE.left + pids.length * LANE.width;
  const heads = pids.map((pid) => {
    const role = lines.find((line) => line.pid === pid)?.role ?? '';
    const bottom = height - 10;
    return `<line x1="${x(pid)}" y1="46" x2="${x(pid)}" y2="${bottom}" stroke="#bbb"/><text x="${x(pid)}" y="38" font-weight="bold">${escapeXml(`${role} ${pid}`)}</text>`;
  });
  const rows = lines.map(({ number, pid, call, answer }, index) => {
    const y = LANE.top + index * LANE.row;
    const colour = COLOURS[pids.indexOf(pid) % COLOURS.length];
    const said = `${call}${answer === '' ? '' : ` → ${answer}`}`.slice(0, 44);
    return `<text x="8" y="${y + 4}" class="number">${number}</text><circle cx="${x(pid)}" cy="${y}" r="4" fill="${colour}"/><text x="${x(pid) + 10}" y="${y + 4}">${escapeXml(said)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="monospace" font-size="11"><title>${escapeXml(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect width="100%" height="100%"/><text x="8" y="18" font-size="13">${escapeXml(title)}</text>`,
    ...heads,
    ...rows,
    '</svg>',
  ].join('\n');
}
