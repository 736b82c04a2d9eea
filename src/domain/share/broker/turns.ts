/** Whose request goes to the server next: clients take turns, and what must be alone is. */

/** Stands in the row for the broker's own requests. */
export const OWN_LANE = -1;

export interface Turns {
  /** The requests that wait, by client; the first client is next. */
  readonly lanes: Map<number, number[]>;
  /** Those that the server has. */
  readonly running: Map<number, Manner>;
  /** Those of them that are cancelled: until when each counts as running, by the monotonic clock. */
  readonly cancelled: Map<number, number>;
}

/**
 * How long a cancelled request counts as running if the server does not answer it, in milliseconds. Servers
 * should not answer it (cancellation), and many work on all the same.
 */
const CANCELLED_MS = 5_000;

export function waitInLine(turns: Turns, client: number, request: number): void {
  const lane = turns.lanes.get(client);
  if (lane === undefined) turns.lanes.set(client, [request]);
  else lane.push(request);
}

/** It may not have waited. */
export function leaveLine(turns: Turns, client: number, request: number): void {
  const lane = turns.lanes.get(client);
  const at = lane?.indexOf(request) ?? -1;
  if (lane === undefined || at < 0) return;
  lane.splice(at, 1);
  if (lane.length === 0) turns.lanes.delete(client);
}

export type Manner =
  | 'alone'
  | 'overlapping'
  /** Holds nobody up, and is held up by nobody: it may stay open for ever. */
  | 'untracked';

/**
 * Takes the next request out of the line, if the server may have it now. One that must be alone holds up
 * those behind it: else a stream of others would keep it waiting for ever.
 */
export function takeTurn(turns: Turns, mannerOf: (request: number) => Manner): number | undefined {
  const [next] = turns.lanes;
  const request = next?.[1][0];
  if (next === undefined || request === undefined) return undefined;
  const manner = mannerOf(request);
  if (!mayRun(turns, manner)) return undefined;
  const [client, lane] = next;
  lane.shift();
  // The client goes to the end of the row.
  turns.lanes.delete(client);
  if (lane.length > 0) turns.lanes.set(client, lane);
  if (manner !== 'untracked') turns.running.set(request, manner);
  return request;
}

function mayRun({ running }: Turns, manner: Manner): boolean {
  switch (manner) {
    case 'untracked':
      return true;
    case 'alone':
      return running.size === 0;
    case 'overlapping':
      return ![...running.values()].includes('alone');
  }
}

/** The server has answered, or never had it. */
export function endTurn(turns: Turns, request: number): void {
  turns.running.delete(request);
  turns.cancelled.delete(request);
}

/** The server has been told to stop, and may still work on it. */
export function cancelTurn(turns: Turns, request: number, nowMs: number): void {
  if (turns.running.has(request)) turns.cancelled.set(request, nowMs + CANCELLED_MS);
}

export function endOverdueTurns(turns: Turns, nowMs: number): void {
  for (const [request, untilMs] of turns.cancelled) if (nowMs >= untilMs) endTurn(turns, request);
}

/** The server is gone that had them. */
export function endAllTurns(turns: Turns): void {
  turns.running.clear();
  turns.cancelled.clear();
}
