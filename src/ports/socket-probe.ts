import type { Cause } from './readings.js';

/** What connect(2) said; `errno` holds the system's code, whatever it was: the verdict tables judge it. */
export type ConnectReading =
  | { readonly kind: 'connected' }
  | { readonly kind: 'silent' }
  /**
   * The name refers to the caller's own listener, which a supervisor handed over to it. Nothing was tried.
   */
  | { readonly kind: 'own' }
  | { readonly kind: 'errno'; readonly cause: Cause }
  /** The same, from a runtime that reports this code for other errors too. */
  | { readonly kind: 'vague-errno'; readonly cause: Cause };

/** What became of a connection on which the caller waited for the daemon's first word. */
export type GreetReading =
  /** The daemon has taken the request on. */
  | { readonly kind: 'accepted' }
  /**
   * The daemon is on its way out and has not begun anything; if for an upgrade, then for this caller's newer
   * version.
   */
  | { readonly kind: 'draining'; readonly why?: 'upgrade' | undefined; readonly progress?: 'queued' }
  /** The daemon is newer, and what it speaks this caller does not. Nothing was begun. */
  | { readonly kind: 'outdated'; readonly message: string }
  /** The daemon lives but will not do it: its service does not load, say. Nothing was begun. */
  | { readonly kind: 'declined'; readonly message: string; readonly exitCode: number }
  /**
   * The connection ended before the daemon took the request on. Nothing was begun. `progress` is `queued` if
   * the daemon had said that the request waits for its turn.
   */
  | { readonly kind: 'ended'; readonly progress?: 'queued' }
  /** No word within the time. */
  | { readonly kind: 'silent' };

/**
 * Holds one connection at most: the latest. Connecting again, or dropping the probe, closes the one before.
 */
export interface SocketProbe {
  connect(path: string, withinMs: number): Promise<ConnectReading>;
  /** Says what the caller came to say on the latest connection, and waits for the first word. */
  greet(withinMs: number): Promise<GreetReading>;
}
