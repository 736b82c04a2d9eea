import type { ProcessTable } from '../ports/process-table.js';

/** The process table, as a process sees it that knows itself. */
export interface Processes extends ProcessTable {
  /** Ids of the parent of this process, of its parent, and so on, as many as can be seen. */
  ancestors(): readonly number[];
}
