import type { Ports } from '../../domain/procedure/procedure.js';
import type { FakeClock } from './clock.js';

/** A port call, before it is made. */
export interface PortCall {
  readonly port: keyof Ports;
  readonly method: string;
  readonly args: readonly unknown[];
}

/**
 * The port calls of one process, which a test can hold, and let go one by one: so it chooses who of several
 * goes next.
 */
export class HeldCalls {
  readonly #clock: FakeClock;
  readonly #waiting: { readonly call: PortCall; readonly go: () => void }[] = [];
  #pace: 'free' | 'held' = 'free';

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  /**
   * From now on each port call of a procedure waits for `step`, but those of a kick, which is done in one go.
   */
  hold(): void {
    this.#pace = 'held';
  }

  /** Lets all calls go that wait, and all that follow. */
  release(): void {
    this.#pace = 'free';
    for (const { go } of this.#waiting.splice(0)) go();
  }

  /** The call that waits; undefined if none does. */
  get next(): PortCall | undefined {
    return this.#waiting[0]?.call;
  }

  /**
   * Makes the call that waits, and lets the process go on to its next one.
   * @returns the call that was made; undefined if none waits: the process sleeps, waits for a socket, or is
   * done
   */
  async step(): Promise<PortCall | undefined> {
    const first = this.#waiting.shift();
    first?.go();
    await this.#clock.settle();
    return first?.call;
  }

  /** What waits is never made: the process has ended. */
  forget(): void {
    this.#waiting.length = 0;
  }

  /** The same ports, whose calls can be held. */
  on<P extends Partial<Ports>>(ports: P): P {
    const wrapped = Object.entries(ports).map(([name, port]) => [
      name,
      intercept(port, (method, args, make) => {
        if (this.#pace === 'free' || method === 'now') return make();
        const call = { port: name as keyof Ports, method, args };
        return new Promise<void>((go) => this.#waiting.push({ call, go })).then(make);
      }),
    ]);
    return Object.fromEntries(wrapped) as P;
  }
}

type Around = (method: string, args: readonly unknown[], make: () => unknown) => unknown;

/** The same object, with something done around each call of a method. */
export function intercept<T extends object>(target: T, around: Around): T {
  return new Proxy(target, {
    get: (_, method: string) => {
      const found: unknown = Reflect.get(target, method);
      if (typeof found !== 'function') return found;
      return (...args: unknown[]) => around(method, args, () => Reflect.apply(found, target, args));
    },
  });
}
