/** What a process does at the moment. */
export type WorkReading =
  | {
      readonly kind: 'seen';
      /**
       * `busy`: it runs, or waits for a disk. `blocked`: its main thread waits for something other than
       * events, as in a synchronous call.
       */
      readonly activity: 'busy' | 'blocked' | 'waiting' | 'stopped';
      /** Processor time that it and its children, and theirs, have used; in ticks of the system's clock. */
      readonly ticks: number;
      readonly children: number;
    }
  | { readonly kind: 'hidden' };

export interface ProcessWork {
  look(pid: number): WorkReading;
}
