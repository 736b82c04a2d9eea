/** Which servers a broker has started, written down: the next broker ends those of one that was killed. */

import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identityFrom, vitalityOf } from '../../domain/evidence/identity.js';
import { parseJson } from '../../domain/evidence/json.js';
import { NAMES } from '../../domain/place/layout.js';
import type { ProcessTable } from '../../ports/process-table.js';
import type { UpstreamProcess } from '../../ports/upstream-process.js';

export class UpstreamLedger {
  readonly #path: string;

  /** @param directory of the broker's name */
  constructor(
    directory: string,
    private readonly processes: ProcessTable,
  ) {
    this.#path = join(directory, NAMES.upstreams);
  }

  /** A directory that can't be written to costs no more than the certainty. */
  add({ pid, startTime }: UpstreamProcess): void {
    try {
      appendFileSync(this.#path, `${JSON.stringify({ ...this.processes.self(), pid, startTime })}\n`, {
        mode: 0o600,
      });
    } catch {}
  }

  /** Of brokers before this one, which have ended: one name has one broker. */
  endOrphans(log: (line: string) => void): void {
    for (const line of this.#lines()) {
      const who = identityFrom(parseJson(line));
      if (who === undefined) continue;
      // Only what is certain to be the one that was started.
      if (vitalityOf(who, this.processes.self(), this.processes.lookUp(who.pid)) !== 'alive') continue;
      log(`ending process ${who.pid}, which an earlier broker had started`);
      try {
        process.kill(-who.pid, 'SIGKILL');
      } catch {}
    }
    try {
      writeFileSync(this.#path, '', { mode: 0o600 });
    } catch {}
  }

  #lines(): readonly string[] {
    try {
      return readFileSync(this.#path, 'utf8').split('\n');
    } catch {
      return [];
    }
  }
}
