/** The ledger on disk. Whatever goes wrong with it is passed over: it is a diagnosis, and stops nothing. */

import { closeSync, writeSync } from 'node:fs';
import { type Identity, type Vitality, vitalityOf } from '../../../domain/evidence/identity.js';
import { type Chronicle, chronicleOf } from '../../../domain/lifecycle/start-history.js';
import {
  concluded,
  entryText,
  fateOf,
  isSilent,
  type LedgerEntry,
  parseLedger,
  type Start,
  startsIn,
} from '../../../domain/lifecycle/start-ledger.js';
import { join, NAMES } from '../../../domain/place/layout.js';
import type { ProcessTable } from '../../../ports/process-table.js';
import { openToAppend, rotate, tailOf } from './appended-file.js';

export const LEDGER_BYTES_MAX = 256 * 1024;
/** What is read of it: some hundred starts. */
export const READ_BYTES = 64 * 1024;

export class NodeLedger {
  readonly path: string;
  readonly #before: string;

  /** @param directory the directory of a name */
  constructor(
    directory: string,
    private readonly processes: ProcessTable & { self(): Identity },
  ) {
    this.path = join(directory, NAMES.spawns);
    this.#before = join(directory, NAMES.spawnsBefore);
  }

  append(entry: LedgerEntry): void {
    try {
      rotate(this.path, this.#before, LEDGER_BYTES_MAX);
      const descriptor = openToAppend(this.path);
      try {
        writeSync(descriptor, entryText(entry));
      } finally {
        closeSync(descriptor);
      }
    } catch {
      // A full disk, a directory that is gone, a directory by that name.
    }
  }

  /** The latest starts, oldest first; for those whose process has gone without a word that is said in its place. */
  starts(): readonly Start[] {
    return startsIn(parseLedger(tailOf(this.path, 0, READ_BYTES))).map((start) => this.#concluded(start));
  }

  /** Those that hang before they have said anything, by proof of their identity, oldest first. */
  silent(): readonly Start[] {
    return startsIn(parseLedger(tailOf(this.path, 0, READ_BYTES))).filter(
      (start) => start.identity !== undefined && isSilent(start, this.#vitality(start.identity)),
    );
  }

  /** All that is kept of it, with what lies in the file before. */
  chronicle(wallMs: number): Chronicle {
    const text = [this.#before, this.path].map((path) => tailOf(path, 0, 2 * LEDGER_BYTES_MAX)).join('\n');
    return chronicleOf(parseLedger(text), (who) => this.#vitality(who), wallMs);
  }

  #concluded(start: Start): Start {
    if (start.identity === undefined || fateOf(start).kind !== 'open') return start;
    return concluded(start, this.#vitality(start.identity));
  }

  #vitality(who: Identity): Vitality {
    return vitalityOf(who, this.processes.self(), this.processes.lookUp(who.pid));
  }
}
