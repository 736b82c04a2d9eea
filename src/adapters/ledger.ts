/** The ledger of starts, over any store of lines. A ledger that fails stops no start: it serves diagnosis. */

import { type Identity, type Vitality, vitalityOf } from '../domain/evidence/identity.js';
import { type Chronicle, chronicleOf } from '../domain/lifecycle/start-history.js';
import {
  concluded,
  entryText,
  fateOf,
  isSilent,
  type LedgerEntry,
  mayHaveClaimed,
  type OwnersReading,
  parseLedger,
  type Start,
  startsIn,
} from '../domain/lifecycle/start-ledger.js';
import type { Processes } from './own-processes.js';

/** Keeps the lines of one ledger. It never throws. */
export interface LedgerLines {
  readonly path: string;
  append(text: string): void;
  /** The latest lines: enough for some hundred starts. */
  recent(): string;
  /** All lines that are kept. */
  all(): string;
}

export class Ledger {
  constructor(
    private readonly lines: LedgerLines,
    private readonly processes: Processes,
    /** Read only where a start has said nothing. */
    private readonly owners: () => OwnersReading,
  ) {}

  get path(): string {
    return this.lines.path;
  }

  append(entry: LedgerEntry): void {
    this.lines.append(entryText(entry));
  }

  /** The latest starts, oldest first. For a process that ended without a word, the process table says so. */
  starts(): readonly Start[] {
    return startsIn(parseLedger(this.lines.recent())).map((start) => this.#concluded(start));
  }

  /** Starts whose process is proven to live, has said nothing yet and owns no generation, oldest first. */
  silent(): readonly Start[] {
    const silent = startsIn(parseLedger(this.lines.recent())).filter(
      (start) => start.identity !== undefined && isSilent(start, this.#vitality(start.identity)),
    );
    if (silent.length === 0) return silent;
    const owners = this.owners();
    return silent.filter((start) => !mayHaveClaimed(start, owners));
  }

  /** @param wallMs now, by the wall clock */
  chronicle(wallMs: number): Chronicle {
    return chronicleOf(parseLedger(this.lines.all()), (who) => this.#vitality(who), wallMs);
  }

  #concluded(start: Start): Start {
    if (start.identity === undefined || fateOf(start).kind !== 'open') return start;
    return concluded(start, this.#vitality(start.identity));
  }

  #vitality(who: Identity): Vitality {
    return vitalityOf(who, this.processes.self(), this.processes.lookUp(who.pid));
  }
}
