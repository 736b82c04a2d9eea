/** Connections of one client that its daemon has left open, for the next calls. */

import type { Duplex } from 'node:stream';
import type { Owner } from '../../../domain/evidence/owner.js';
import type { SaidHead } from './said-head.js';

/** What a socket of Node has, so that an idle one does not keep the process alive. */
interface Countable {
  ref?(): unknown;
  unref?(): unknown;
}

const ignore = (): void => {};

export interface Kept<C> {
  readonly connection: C;
  /** Whose connection it is, if that is known. */
  readonly owner: Owner | undefined;
  /** The name of its daemon. */
  readonly name: string;
  /** What the last request on it said, if the daemon remembers that. */
  readonly said: SaidHead | undefined;
}

interface Idle<C> extends Kept<C> {
  /** Takes the listeners off that an idle connection has. */
  readonly detach: () => void;
}

export class KeptConnections<C extends Duplex> {
  /** The last one was used last. */
  readonly #idle: Idle<C>[] = [];
  #state: 'open' | 'closed' = 'open';

  /** @param most how many are kept while no call uses them; what comes above that is closed */
  constructor(private readonly most: number) {}

  /** One that still was open a moment ago. If its daemon ends meanwhile, nothing is begun on it. */
  take(): Kept<C> | undefined {
    const last = this.#idle.pop();
    if (last === undefined) return undefined;
    last.detach();
    (last.connection as Countable).ref?.();
    return last;
  }

  give(kept: Kept<C>): void {
    const { connection } = kept;
    // Each call has left listeners that ignore errors.
    connection.removeAllListeners('error').on('error', ignore);
    if (this.#state === 'closed' || connection.destroyed || this.#idle.length >= this.most) {
      connection.destroy();
      return;
    }
    const drop = (): void => {
      this.#idle.splice(this.#idle.indexOf(idle), 1);
      idle.detach();
      connection.destroy();
    };
    // A daemon says nothing between two calls.
    connection.on('close', drop).on('end', drop).on('data', drop).resume();
    const detach = (): void => {
      connection.off('close', drop).off('end', drop).off('data', drop);
    };
    const idle = { ...kept, detach };
    this.#idle.push(idle);
    (connection as Countable).unref?.();
  }

  close(): void {
    this.#state = 'closed';
    for (const { connection, detach } of this.#idle.splice(0)) {
      detach();
      connection.destroy();
    }
  }
}
