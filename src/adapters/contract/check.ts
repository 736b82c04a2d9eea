/** How a check of the contract is written. */

import type { Platform } from '../../domain/place/layout.js';
import type { Clock } from '../../ports/clock.js';
import type { FileSystem } from '../../ports/file-system.js';
import type { Listener } from '../../ports/listener.js';
import type { Identity, ProcessTable } from '../../ports/process-table.js';
import type { SocketProbe } from '../../ports/socket-probe.js';
import type { Witness } from '../../ports/witness.js';

/** Adapters of one machine. What is absent is not checked. */
export interface ContractHost {
  /** An empty directory that is this host's own. */
  readonly root: string;
  /** Whose verdicts hold for its sockets. */
  readonly platform: Platform;
  readonly files: FileSystem;
  /** A probe of its own, as in a process of its own. */
  probe(): SocketProbe;
  /** A listener of its own, as in a process of its own. */
  listener(): Listener;
  /** That of a process of its own each time. Absent where none is held. */
  witness?(): Witness;
  readonly clock?: Clock;
  /** That of a process of its own each time, as good as the machine can do. */
  processes?(): ProcessTable;
  /**
   * Starts a process that listens on that socket, and holds that file where there is a witness, and kills it.
   * @returns who it was, when it has ended
   */
  killed?(left: { readonly socket: string; readonly file: string }): Promise<Identity>;
  /** Waits for what takes time here. */
  wait<T>(awaited: Promise<T>): Promise<T>;
  dispose(): Promise<void>;
}

type Check = (host: ContractHost, at: (name: string) => string) => void | Promise<void>;

export type Checks = Readonly<Record<string, Check>>;

export function expect(reading: { readonly kind: string }, kind: string, what: string): void {
  if (reading.kind !== kind)
    throw new Error(`${what}: ${kind} was expected, and not ${JSON.stringify(reading)}`);
}
