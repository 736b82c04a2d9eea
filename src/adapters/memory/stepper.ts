import type { Call, Mark, Ports, Procedure } from '../../domain/procedure/procedure.js';
import { makeCall } from '../../domain/procedure/run.js';
import { type Told, toldMark, toldReading } from '../told.js';

/** A phase that a procedure is in, with the memory that it began with. */
export type PhaseMark = Extract<Mark, { readonly kind: 'phase' }>;

/**
 * A procedure that is held before each of its port calls, so that a test decides which of several goes on
 * next. The time and who it is it is told at once: nobody else notices that it asks.
 *
 * A process that is to be killed between two calls is killed while its stepper is held; the stepper is not
 * stepped again.
 */
export class Stepper<O, C extends Call = Call> {
  readonly #procedure: Procedure<O, C>;
  readonly #ports: Ports;
  #next: C | undefined;
  #outcome: O | undefined;
  #phase: PhaseMark | undefined;
  #told: readonly Told[] = [];

  constructor(procedure: Procedure<O, C>, ports: Ports) {
    this.#procedure = procedure;
    this.#ports = ports;
    this.#goOn(undefined);
  }

  /** The call that comes next; undefined at the end. */
  get next(): C | undefined {
    return this.#next;
  }

  get outcome(): O | undefined {
    return this.#outcome;
  }

  /** The phase that it is in; undefined for a procedure without phases. */
  get phase(): PhaseMark | undefined {
    return this.#phase;
  }

  /** Where it stands, to be compared or hashed: its phase, and what it has been told since that began. */
  get state(): unknown {
    return [this.#phase, this.#told, this.#next];
  }

  /** Makes the next call, which must be one that returns at once. */
  takeSync(): void {
    const returned = this.#call();
    if (returned instanceof Promise) throw new Error(`${this.#next?.port}.${this.#next?.method} takes time`);
    this.#told = toldReading(this.#told, returned);
    this.#goOn(returned);
  }

  /** Makes the next call, whatever it is. Where it takes fake time, somebody else has to let that pass. */
  async take(): Promise<void> {
    const returned = await this.#call();
    this.#told = toldReading(this.#told, returned);
    this.#goOn(returned);
  }

  #call(): unknown {
    if (this.#next === undefined) throw new Error('the procedure has ended');
    return makeCall(this.#ports, this.#next);
  }

  #goOn(returned: unknown): void {
    let said = this.#procedure.next(returned);
    while (said.done !== true) {
      const { value } = said;
      if (value.kind === 'call' && value.method !== 'now' && value.method !== 'self') {
        this.#next = value;
        return;
      }
      if (value.kind === 'phase') this.#phase = value;
      if (value.kind !== 'call') this.#told = toldMark(this.#told, value);
      const answer = value.kind === 'call' ? makeCall(this.#ports, value) : undefined;
      if (value.kind === 'call') this.#told = toldReading(this.#told, answer);
      said = this.#procedure.next(answer);
    }
    this.#next = undefined;
    this.#outcome = said.value;
  }
}
