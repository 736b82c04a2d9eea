/** Words of the Model Context Protocol that a broker must know. */

/** Of the handshake era, oldest first: dates, so that text order is age. */
const HANDSHAKE_VERSIONS = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'] as const;
export const NEWEST_HANDSHAKE: string = HANDSHAKE_VERSIONS[3];

export const isHandshakeVersion = (version: string): boolean =>
  (HANDSHAKE_VERSIONS as readonly string[]).includes(version);

/**
 * What a client is told that asked for one version, where the server speaks another: lifecycle, version
 * negotiation.
 * @param negotiated what the server said
 */
export function versionFor(wish: string, negotiated: string): string {
  return isHandshakeVersion(wish) && wish <= negotiated ? wish : negotiated;
}

/** RFC 5424, least severe first. */
export const LOG_LEVELS = [
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
] as const;
/** What a client gets that asked for no level, where another one did. */
export const USUAL_LEVEL = 1;

/** Keys of `_meta`. */
export const META = {
  relatedTask: 'io.modelcontextprotocol/related-task',
  subscription: 'io.modelcontextprotocol/subscriptionId',
  logLevel: 'io.modelcontextprotocol/logLevel',
} as const;

/** The capability that a client must have declared to be asked something. */
export function capabilityFor(method: string): string {
  const [subject = ''] = method.split('/');
  return subject;
}

/** -32042, of 2025-11-25: a request that needs an answer to questions first, which have ids. */
export const ELICITATION_REQUIRED = -32042;
