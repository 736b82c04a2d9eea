/**
 * A time axis on which a burst of milliseconds and a day of quiet both have room: long stretches without any
 * event are cut.
 */

export interface Cut {
  /** Where on the axis it begins, and how long the time is that has been left out. */
  readonly x: number;
  readonly ms: number;
}

export interface TimeScale {
  /**
   * @returns the place on the axis, 0 to its width; what lies outside is drawn at the end that it is nearer
   * to
   */
  place(ms: number): number;
  readonly cuts: readonly Cut[];
  /** Where times may be written, in order, none too near to the next. */
  readonly ticks: readonly { readonly x: number; readonly ms: number }[];
}

/**
 * Gaps are cut that are so many times as long as all shorter ones together: beside them nothing else could be
 * seen.
 */
const CUT_FACTOR = 2;
export const CUT_WIDTH = 36;
const TICK_DISTANCE = 92;
/** The cuts must leave most of the axis to what happened. */
const CUTS_MAX = 8;

interface Piece {
  readonly fromMs: number;
  readonly toMs: number;
  readonly isCut: boolean;
}

/**
 * @param times when something happened, in any order; at least one
 * @param width of the axis
 */
export function timeScale(times: readonly number[], width: number): TimeScale {
  const sorted = [...new Set(times)].sort((a, b) => a - b);
  const pieces = piecesOf(sorted);
  const cutCount = pieces.filter(({ isCut }) => isCut).length;
  const shownMs = pieces.reduce((sum, { isCut, fromMs, toMs }) => sum + (isCut ? 0 : toMs - fromMs), 0);
  const perMs = (width - cutCount * CUT_WIDTH) / Math.max(shownMs, 1);
  const placed = placePieces(pieces, perMs);
  const place = (ms: number): number => placeIn(placed, ms, sorted[0] ?? ms);
  const cuts = placed.flatMap(({ isCut, x, fromMs, toMs }) => (isCut ? [{ x, ms: toMs - fromMs }] : []));
  return { place, cuts, ticks: ticksOf(placed, sorted) };
}

function piecesOf(sorted: readonly number[]): readonly Piece[] {
  const gaps = sorted.slice(1).map((toMs, index) => ({ fromMs: sorted[index] ?? toMs, toMs }));
  const limitMs = cutLimitMs(gaps.map(({ fromMs, toMs }) => toMs - fromMs));
  return gaps.map((gap) => ({ ...gap, isCut: gap.toMs - gap.fromMs >= limitMs }));
}

/** @returns how long the shortest gap is that is cut */
function cutLimitMs(gapsMs: readonly number[]): number {
  const longest = [...gapsMs].sort((a, b) => b - a);
  let shorterMs = longest.reduce((sum, ms) => sum + ms, 0);
  let limitMs = Number.POSITIVE_INFINITY;
  for (const ms of longest.slice(0, CUTS_MAX)) {
    shorterMs -= ms;
    if (shorterMs > 0 && ms > CUT_FACTOR * shorterMs) limitMs = ms;
  }
  return limitMs;
}

interface Placed extends Piece {
  readonly x: number;
  readonly width: number;
}

function placePieces(pieces: readonly Piece[], perMs: number): readonly Placed[] {
  let x = 0;
  return pieces.map((piece) => {
    const width = piece.isCut ? CUT_WIDTH : (piece.toMs - piece.fromMs) * perMs;
    const placed = { ...piece, x, width };
    x += width;
    return placed;
  });
}

function placeIn(placed: readonly Placed[], ms: number, firstMs: number): number {
  if (ms <= firstMs) return 0;
  const piece = placed.find(({ toMs }) => ms <= toMs);
  const last = placed.at(-1);
  if (piece === undefined) return last === undefined ? 0 : last.x + last.width;
  return piece.x + ((ms - piece.fromMs) / (piece.toMs - piece.fromMs)) * piece.width;
}

/** At events: there is something to be read off there. */
function ticksOf(placed: readonly Placed[], sorted: readonly number[]): TimeScale['ticks'] {
  const firstMs = sorted[0] ?? 0;
  const ticks: { readonly x: number; readonly ms: number }[] = [];
  for (const ms of sorted) {
    const x = placeIn(placed, ms, firstMs);
    if (x - (ticks.at(-1)?.x ?? Number.NEGATIVE_INFINITY) >= TICK_DISTANCE) ticks.push({ x, ms });
  }
  return ticks;
}
