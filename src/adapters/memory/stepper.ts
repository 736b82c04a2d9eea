import type { Command, Event, Ports, Reading, Step } from '../../domain/procedure/procedure.js';

type AnyMethod = (...args: readonly unknown[]) => unknown;

/**
 * A machine that is held before each of its port calls, so that a test decides which of several goes on next.
 *
 * A process that is to be killed between two calls is killed while its stepper is held; the stepper is not stepped again.
 */
export class Stepper<S, O, C extends Command, R extends Reading> {
  readonly #step: (state: S, event: Event<R>) => Step<S, O, C>;
  readonly #ports: Ports;
  #current: Step<S, O, C>;

  constructor(step: (state: S, event: Event<R>) => Step<S, O, C>, first: Step<S, O, C>, ports: Ports) {
    this.#step = step;
    this.#ports = ports;
    this.#current = first;
  }

  /** The call that comes next; undefined at the end. */
  get next(): C | undefined {
    return this.#current.kind === 'do' ? this.#current.command : undefined;
  }

  get outcome(): O | undefined {
    return this.#current.kind === 'end' ? this.#current.outcome : undefined;
  }

  /** Where the machine stands, to be compared or hashed. */
  get state(): S | undefined {
    return this.#current.kind === 'do' ? this.#current.state : undefined;
  }

  /** Makes the next call, which must be one that returns at once. */
  takeSync(): void {
    const { state, returned } = this.#call();
    if (returned instanceof Promise) throw new Error(`${this.next?.port}.${this.next?.method} takes time`);
    this.#goOn(state, returned as R);
  }

  /** Makes the next call, whatever it is. Where it takes fake time, somebody else has to let that pass. */
  async take(): Promise<void> {
    const { state, returned } = this.#call();
    this.#goOn(state, (await returned) as R);
  }

  #call(): { readonly state: S; readonly returned: unknown } {
    if (this.#current.kind === 'end') throw new Error('the machine has ended');
    const { state, command } = this.#current;
    const port = this.#ports[command.port] as unknown as Readonly<Record<string, AnyMethod>>;
    return { state, returned: port[command.method]?.(...command.args) };
  }

  #goOn(state: S, reading: R): void {
    this.#current = this.#step(state, { reading, now: this.#ports.clock.now() });
  }
}
