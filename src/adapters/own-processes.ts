import type { Identity } from '../domain/evidence/identity.js';
import type { ProcessTable } from '../ports/process-table.js';

/** The process table, as a process sees it that knows itself. */
export interface Processes extends ProcessTable {
  /** Identity of this process. What the system does not tell is empty. */
  self(): Identity;
  /** Ids of the parent of this process, of its parent, and so on, as many as can be seen. */
  ancestors(): readonly number[];
}
