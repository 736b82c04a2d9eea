/**
 * What one client or server may take of a broker. Each has a name, under which an error says that it was
 * reached.
 */

const MIB = 1024 * 1024;

export interface ShareLimits {
  /**
   * The longest message that a client may send, in bytes. The TypeScript SDK closes its transport at a longer
   * one, and the server ends with it, for everybody.
   */
  readonly messageBytes: number;
  /** The longest message of a server, in bytes. */
  readonly answerBytes: number;
  /** How many requests of one client may be unanswered. */
  readonly requestsInFlight: number;
  /** What one client may have waiting for a server that is not ready, in bytes. */
  readonly waitingBytes: number;
  /** What may wait for one client that does not read, in bytes; then it is cut off. */
  readonly unreadBytes: number;
}

export const DEFAULT_LIMITS: ShareLimits = {
  messageBytes: 10 * MIB,
  answerBytes: 64 * MIB,
  requestsInFlight: 1_000,
  waitingBytes: 32 * MIB,
  unreadBytes: 128 * MIB,
};
