/**
 * The broker of one command: clients that share a server, and the server's processes. Pure: what happened
 * goes in, what is to be done comes out, and the state is plain data that `structuredClone` copies.
 */

import { clientLeft, takeClientLine, takeTooLong } from './client-messages.js';
import { takeServerLine, takeServerTooLong } from './server-messages.js';
import type { Client, ClientId, ShareAct, ShareEvent, ShareState, SharingWish, Step } from './share-state.js';
import { ended, endIdle, started, woke } from './upstream-life.js';

/**
 * @param state is changed
 * @param nowMs by the monotonic clock, in milliseconds
 * @returns what is to be done, in this order
 */
export function stepShare(state: ShareState, event: ShareEvent, nowMs: number): readonly ShareAct[] {
  const step: Step = { state, acts: [] };
  state.nowMs = nowMs;
  take(step, event);
  endIdle(step);
  return step.acts;
}

function take(step: Step, event: ShareEvent): void {
  const { state } = step;
  switch (event.kind) {
    case 'joined':
      state.clients.set(event.client, newClient(event.client, event.wish));
      return;
    case 'client-line':
      withClient(state, event.client, (client) => takeClientLine(step, client, event.line));
      return;
    case 'client-too-long':
      withClient(state, event.client, (client) => takeTooLong(step, client, event));
      return;
    case 'left':
      withClient(state, event.client, (client) => clientLeft(step, client));
      return;
    case 'started':
      started(step, state[event.era]);
      return;
    case 'server-line':
      takeServerLine(step, state[event.era], event.line);
      return;
    case 'server-too-long':
      takeServerTooLong(step, state[event.era], event);
      return;
    case 'ended':
      ended(step, state[event.era], event);
      return;
    case 'woke':
      woke(step);
      return;
  }
}

const newClient = (id: ClientId, wish: SharingWish): Client => ({
  id,
  wish,
  era: undefined,
  isGreeted: false,
  version: undefined,
  capabilities: [],
  logLevel: undefined,
  requests: new Map(),
  batches: new Map(),
  waitingBytes: 0,
});

/** One that has left may still be heard of. */
function withClient(state: ShareState, id: ClientId, act: (client: Client) => void): void {
  const client = state.clients.get(id);
  if (client !== undefined) act(client);
}
