import type { FileSystem } from '../../../ports/file-system.js';
import { systemError } from './system-error.js';

export type FaultyMethod = keyof FileSystem | 'connect' | 'listen' | 'lookUp' | 'signal' | 'spawn';

/** A call that is made to fail before it does anything. */
export interface Fault {
  readonly method: FaultyMethod;
  /** `ENOSPC`, `EACCES`, `EMFILE`, …; becomes a reading by the same tables as a real error. */
  readonly code: string;
  /** Only calls with an argument that matches; all by default. */
  readonly matching?: RegExp;
  /** Only calls of this process; of all by default. */
  readonly pid?: number;
  /** How many calls succeed first; none by default. */
  readonly skip?: number;
  /** How many calls fail, Infinity for all; one by default. */
  readonly times?: number;
}

/** The faults that are planted in one machine. */
export class Faults {
  readonly #planted = new Set<{ readonly fault: Fault; skip: number; times: number }>();

  /** @returns removes the fault */
  plant(fault: Fault): () => void {
    const planted = { fault, skip: fault.skip ?? 0, times: fault.times ?? 1 };
    this.#planted.add(planted);
    return () => this.#planted.delete(planted);
  }

  /** @throws the error that is planted for this call, if there is one */
  strike(pid: number, method: FaultyMethod, args: readonly unknown[]): void {
    for (const planted of this.#planted) {
      if (planted.times <= 0 || !meets(planted.fault, pid, method, args)) continue;
      if (planted.skip > 0) planted.skip -= 1;
      else {
        planted.times -= 1;
        throw systemError(planted.fault.code, method, ...args.map(String));
      }
    }
  }
}

function meets(fault: Fault, pid: number, method: FaultyMethod, args: readonly unknown[]): boolean {
  if (fault.method !== method || (fault.pid ?? pid) !== pid) return false;
  return fault.matching === undefined || args.some((arg) => fault.matching?.test(String(arg)));
}
