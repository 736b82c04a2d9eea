import type { Cause } from './readings.js';

/** Starts the processes that run a daemon's calls. */
export interface WorkerStarter {
  start(witness: WorkerWitness): WorkerStartReading;
}

export type WorkerStartReading =
  | { readonly kind: 'started'; readonly worker: WorkerProcess }
  | { readonly kind: 'refused'; readonly cause: Cause };

/** The descriptors to which a process writes for its caller. */
export type OutputDescriptor = 1 | 2;

export interface WorkerProcess {
  readonly pid: number;
  /** Sends on the channel between the daemon and the worker. */
  send(bytes: Uint8Array): void;
  /** @param taken is called when descriptor 0 of the worker has room for more */
  feed(bytes: Uint8Array, taken: () => void): void;
  /** Descriptor 0 ends. */
  endInput(): void;
  /** Stops reading from a descriptor, so that the worker waits when it writes more. */
  pause(from: OutputDescriptor): void;
  resume(from: OutputDescriptor): void;
  /** SIGKILL. `onEnd` follows. Nothing happens if it has ended. */
  kill(): void;
}

export interface WorkerWitness {
  /** Bytes have come on the channel, cut anywhere. */
  onChannel(bytes: Uint8Array): void;
  onOutput(from: OutputDescriptor, bytes: Uint8Array): void;
  /** The process has ended, and everything that it wrote has been read. */
  onEnd(end: WorkerEnd): void;
}

export interface WorkerEnd {
  readonly code: number | undefined;
  readonly signal: string | undefined;
}
