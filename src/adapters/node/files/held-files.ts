/**
 * Files that are held by a flag of open(2), which the kernel ends with the process. Linux has no such flag.
 */

import { closeSync, constants, openSync, unlinkSync } from 'node:fs';
import type { Cause } from '../../../ports/readings.js';
import type { HoldReading, Witness, WitnessReading } from '../../../ports/witness.js';
import { causeOf, refusedRead } from '../../errno.js';

/** How a system holds a file. */
export interface LockFlags {
  readonly hold: number;
  readonly look: number;
  /** What open(2) says of a file that is held. */
  readonly heldCode: string;
}

const { O_CREAT, O_RDONLY, O_RDWR } = constants;
// Windows has neither.
const [O_NOFOLLOW, O_NONBLOCK] = [constants.O_NOFOLLOW ?? 0, constants.O_NONBLOCK ?? 0];

/** xnu bsd/sys/fcntl.h; open(2) of macOS: with O_NONBLOCK, EWOULDBLOCK if the file is locked. */
const O_EXLOCK = 0x20 | O_NONBLOCK;
const MACOS: LockFlags = { hold: O_EXLOCK, look: O_EXLOCK, heldCode: 'EAGAIN' };

/** Another look lasts some microseconds: so many of them in a row are a process that holds the file. */
const LOOKS = 4;
const PRIVATE = 0o600;
const UNKEPT: Cause = { code: 'ENOTSUP', message: 'the file system does not keep locks' };

export class HeldFiles implements Witness {
  readonly #held = new Map<string, number>();

  constructor(private readonly flags: LockFlags) {}

  hold(path: string): HoldReading {
    try {
      this.#held.set(path, openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW | this.flags.hold, PRIVATE));
    } catch (error) {
      return this.#refused(error);
    }
    // A lock that a file system takes no notice of would make a living process look dead.
    if (this.look(path).kind === 'held') return { kind: 'done' };
    this.release(path);
    unlinkSync(path);
    return { kind: 'failed', cause: UNKEPT };
  }

  release(path: string): { readonly kind: 'done' } {
    const descriptor = this.#held.get(path);
    this.#held.delete(path);
    if (descriptor !== undefined) closeSync(descriptor);
    return { kind: 'done' };
  }

  look(path: string): WitnessReading {
    for (let looks = 1; ; looks++) {
      const reading = this.#lookOnce(path);
      if (reading.kind !== 'held' || looks === LOOKS) return reading;
    }
  }

  #lookOnce(path: string): WitnessReading {
    try {
      closeSync(openSync(path, O_RDONLY | O_NOFOLLOW | this.flags.look));
      return { kind: 'free' };
    } catch (error) {
      return this.#refused(error);
    }
  }

  #refused(error: unknown): Exclude<HoldReading, { kind: 'done' }> {
    return causeOf(error).code === this.flags.heldCode ? { kind: 'held' } : refusedRead(error);
  }
}

/** @returns undefined on a system that needs none: Linux tells processes apart by their start times */
export const nodeWitness = (system: NodeJS.Platform): Witness | undefined =>
  system === 'darwin' ? new HeldFiles(MACOS) : undefined;
