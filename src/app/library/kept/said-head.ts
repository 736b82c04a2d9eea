/** What the last request on a kept connection said, for a client that would say the same again. */

import type { Edition } from '../../../domain/evidence/edition.js';
import type { Environment } from '../../../ports/environment.js';
import type { Terminals } from '../../environment/terminals.js';

/** All that a request says, except for its command and its arguments. */
export interface Saying {
  /** The same object for as long as the service file is the same. */
  readonly edition: Edition;
  readonly env: Environment;
  readonly terminals: Terminals;
  readonly cwd: string;
  readonly umask: number;
}

/** A copy, because the caller may change its environment between two calls. */
export class SaidHead {
  readonly #saying: Saying;
  readonly #names: readonly string[];
  readonly #values: readonly (string | undefined)[];

  constructor(saying: Saying) {
    this.#saying = { ...saying, terminals: [...saying.terminals] };
    this.#names = Object.keys(saying.env);
    this.#values = this.#names.map((name) => saying.env[name]);
  }

  isSame({ edition, env, terminals, cwd, umask }: Saying): boolean {
    const before = this.#saying;
    if (edition !== before.edition || cwd !== before.cwd || umask !== before.umask) return false;
    if (!terminals.every((terminal, n) => terminal === before.terminals[n])) return false;
    const names = Object.keys(env);
    if (names.length !== this.#names.length) return false;
    return names.every((name, n) => name === this.#names[n] && env[name] === this.#values[n]);
  }
}
