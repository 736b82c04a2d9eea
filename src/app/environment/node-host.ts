/** The machine that solod runs on, as everything else needs to know it. Read when asked for, never at import. */

import type { ServerOpts } from 'node:net';
import { nodeClock } from '../../adapters/node/clock.js';
import { nodeFileSystem } from '../../adapters/node/files/file-system.js';
import { NodeLedger } from '../../adapters/node/files/ledger-file.js';
import { NodeProcessTable } from '../../adapters/node/processes/process-table.js';
import { NodeSpawner, type SpawnTarget } from '../../adapters/node/processes/spawner.js';
import { NodeListener } from '../../adapters/node/sockets/listener.js';
import { NodeSocketProbe } from '../../adapters/node/sockets/socket-probe.js';
import { nonceOf, type Platform } from '../../domain/place/layout.js';
import type { Clock } from '../../ports/clock.js';
import type { FileSystem } from '../../ports/file-system.js';
import type { ProcessTable } from '../../ports/process-table.js';
import { platformOf } from './state-root.js';

/** Node's adapters, and what is constant about this process: the one place where they are made that every command needs. */
export class Host {
  readonly clock: Clock = nodeClock;
  readonly files: FileSystem = nodeFileSystem();
  readonly processes = new NodeProcessTable();

  get ports(): { readonly clock: Clock; readonly files: FileSystem; readonly processes: ProcessTable } {
    return { clock: this.clock, files: this.files, processes: this.processes };
  }

  probe(...parameters: ConstructorParameters<typeof NodeSocketProbe>): NodeSocketProbe {
    return new NodeSocketProbe(...parameters);
  }

  listener(options?: ServerOpts): NodeListener {
    return new NodeListener(options);
  }

  spawner(target: SpawnTarget): NodeSpawner {
    return new NodeSpawner(target, this.processes, this.clock);
  }

  /** @param directory the directory of a name */
  ledger(directory: string): NodeLedger {
    return new NodeLedger(directory, this.processes);
  }

  /** A new one at every call. */
  nonce(): string {
    return nonceOf(process.pid, Math.random().toString(36).slice(2, 10).padEnd(8, '0'));
  }

  get userId(): number {
    return process.getuid?.() ?? 0;
  }

  /** Whose rules whoever only looks goes by. Where solod does not run there is nothing to see. */
  get platform(): Platform {
    return platformOf() ?? 'linux';
  }
}
