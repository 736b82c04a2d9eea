/** Which servers a broker has started, written down: the next broker ends those of one that was killed. */

import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NAMES } from '../../domain/place/layout.js';
import { livingServers, serverLine, serversIn } from '../../domain/share/broker/started-servers.js';
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
  add(server: UpstreamProcess): void {
    try {
      appendFileSync(this.#path, serverLine(this.processes.self(), server), { mode: 0o600 });
    } catch {}
  }

  /** Of brokers before this one, which have ended: one name has one broker. */
  endOrphans(log: (line: string) => void): void {
    const lookUp = (pid: number) => this.processes.lookUp(pid);
    for (const pid of livingServers(serversIn(this.#text()), this.processes.self(), lookUp)) {
      log(`ending process ${pid}, which an earlier broker had started`);
      try {
        process.kill(-pid, 'SIGKILL');
      } catch {}
    }
    try {
      writeFileSync(this.#path, '', { mode: 0o600 });
    } catch {}
  }

  #text(): string {
    try {
      return readFileSync(this.#path, 'utf8');
    } catch {
      return '';
    }
  }
}
