/** What a connection on the daemon's side asks of its server, and tells it. */

import type { HeadBudget } from '../../domain/calls/head-budget.js';
import type { Admission } from '../service/admission.js';
import type { ChunkDecoder } from './chunks.js';
import type { CallRequest, Setting } from './request.js';
import type { Request } from './served-call.js';

export interface ConnectionTiming {
  /** How long a client has to close its end after the exit code, in milliseconds. */
  readonly lingerMs: number;
  /** How often a client is probed while its input is not read, in milliseconds. */
  readonly probeMs: number;
  /** How long a service has to end once its client has gone, in milliseconds. */
  readonly graceMs: number;
}

/** What a connection had before the request that is read next. */
export interface Before {
  /** May stand within what still belongs to the call. */
  readonly decoder: ChunkDecoder;
  /** What the client has been told is remembered. */
  readonly setting: Setting | undefined;
}

export interface ConnectionOwner {
  readonly timing: ConnectionTiming;
  readonly heads: HeadBudget;
  /** Never throws, nor rejects. */
  admit(request: CallRequest): Promise<Admission> | Admission;
  /** A request has been read to its end, … */
  requested(): void;
  /** … its service begins, … */
  begun(): void;
  /** … its client has gone, and the service has been told to end, … */
  abandoned(): void;
  /**
   * … and it is waited for no longer: the answer is out or the client gone, and the service has ended or had
   * its grace.
   */
  settled(request: Request): void;
  /** The service has ended after its grace. */
  outlived(): void;
  /** Whether a connection may stay open after its call, for the client's next request. */
  mayKeep(): boolean;
  /** @param headBytes how long the request was */
  over(headBytes: number): void;
}
