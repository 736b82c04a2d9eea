import type { ChangeReading } from './readings.js';

/** How a candidate gets its own socket: bind(2) and listen(2) on a name that is still private. */
export interface Listener {
  listen(path: string): Promise<ChangeReading>;
  /**
   * Closes the socket of a candidate that gives way. A daemon never calls it: its listener lives as long as
   * it does.
   */
  close(): Promise<ChangeReading>;
}
