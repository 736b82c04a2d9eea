/** What installing and undoing share: the ports that they need, and how they refuse. */

import type { Identity } from '../../../domain/evidence/identity.js';
import type { Documents } from '../../../ports/documents.js';
import type { FileSystem } from '../../../ports/file-system.js';
import type { ProcessTable } from '../../../ports/process-table.js';
import { EXIT } from '../../environment/exit-codes.js';
import { type Complaint, messageOf } from '../../texts/complaint.js';

export interface Tools {
  readonly files: FileSystem;
  readonly documents: Documents;
  readonly processes: ProcessTable;
  /** This process. */
  self(): Identity;
  /** A new one at every call. */
  nonce(): string;
}

export interface Refusal {
  readonly kind: 'refused';
  /** With its code. */
  readonly sentence: string;
  readonly exitCode: number;
}

export type Planned<T> = { readonly kind: 'planned'; readonly plan: T } | Refusal;

export const refuse = (complaint: Complaint, exitCode: number = EXIT.cantCreate): Refusal => ({
  kind: 'refused',
  sentence: messageOf(complaint),
  exitCode,
});
