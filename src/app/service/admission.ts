import { SPEAKER } from '../../domain/text/speaker.js';
import { EXIT } from '../environment/exit-codes.js';
import type { ServiceFunction } from './define-service.js';
import type { CallScope } from './run-service.js';

/** Limits how much memory all heads of large requests can take; others wait. */
export const HEADS_LIMIT_BYTES = 96 * 1024 * 1024;
/** How long such a request waits before it is refused, in milliseconds. */
const HEADS_WAIT_MS = 60_000;

/** What the daemon does with a request. */
export type Admission = Turn | Refusal | { readonly kind: 'queued'; readonly place: PlaceInQueue };

/** A request that waits until the service has room for it. */
export interface PlaceInQueue {
  /** Never rejects. */
  readonly turn: Promise<Turn>;
  /** The call will not begin: its client has gone, or has been refused. No effect once it has begun. */
  leave(): void;
}

export type Turn =
  /** @property scope the process that the service sees; by default the one that it shares with all calls */
  | { readonly kind: 'accepted'; readonly run: ServiceFunction; readonly scope?: CallScope }
  /** @property exitCode any but those of the other refusals */
  | { readonly kind: 'declined'; readonly message: string; readonly exitCode: number };

type Refusal =
  /** The daemon shuts down: the call does not begin. */
  | { readonly kind: 'draining'; readonly why?: 'upgrade' | undefined }
  /** The caller is too old for this daemon. */
  | { readonly kind: 'outdated'; readonly message: string };

export const DRAINING_LINE = `${SPEAKER}the daemon is on its way out and has not begun this call; call again\n`;

const NO_ROOM_LINE = `${SPEAKER}other large requests take all the memory for them (${HEADS_LIMIT_BYTES / 2 ** 20} MiB); call again later\n`;

/** The refusal of a large request for which there was no room: when, and the line and the exit code. */
export const NO_ROOM = {
  afterMs: HEADS_WAIT_MS,
  answer: [NO_ROOM_LINE, EXIT.unavailable],
} as const;
