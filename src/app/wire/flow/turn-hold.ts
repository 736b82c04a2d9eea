/**
 * Holds what a short call writes until the end of its turn of the event loop, so that its output and its exit
 * code leave in one system call. Only after a call that ended in the turn in which it began: a service that
 * writes and then computes for seconds shows what it wrote. The word that a call has begun is never held.
 */

import type { Duplex } from 'node:stream';

/** A longer turn makes somebody wait. */
const SHORT_TURN_MS = 2;

/** Milliseconds by the monotonic clock; `performance` would be loaded for this alone. */
const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/** What the calls of one daemon have been like. */
export class TurnHold {
  #lastCall: 'short' | 'long' = 'long';

  /**
   * A call begins to write to the socket.
   * @returns to be called when it has ended
   */
  begin(socket: Duplex): () => void {
    const begunMs = nowMs();
    const isHeld = this.#lastCall === 'short';
    // Until this call shows what it is: a call that never ends must not leave the next one held.
    this.#lastCall = 'long';
    let turn: 'first' | 'later' = 'first';
    if (isHeld) socket.cork();
    afterTurn(() => {
      turn = 'later';
      if (isHeld) socket.uncork();
    });
    return () => {
      const isShort = turn === 'first' && nowMs() - begunMs < SHORT_TURN_MS;
      if (isShort) this.#lastCall = 'short';
    };
  }
}

/** After all promises that are settled by now, and what follows from them. */
function afterTurn(act: () => void): void {
  // What is put off to the next tick alone runs before them.
  queueMicrotask(() => process.nextTick(act));
}
