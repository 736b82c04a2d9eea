import { type Identity, identityFrom } from './identity.js';
import { parseJson } from './json.js';

/**
 * What a daemon says of itself in its generation's `owner.json`: a diagnosis, and on some systems a witness.
 */
export interface Owner extends Identity {
  readonly name: string;
  /** What it serves: the path of its service file, or what the program said. */
  readonly service: string;
  /** When it was started, by the wall clock, in milliseconds since 1970. */
  readonly startedMs: number;
  /** The release of solod that it runs. */
  readonly solod: string;
  /** What the service calls its version; empty where it has none. */
  readonly version: string;
  /** The version of the wire that it speaks (`WIRE_VERSION`); 0 where that is not known. */
  readonly wire: number;
  /** It holds a file beside this one (`aliveBeside`) as long as it lives. */
  readonly held?: true;
  /** Its listener was handed over by a supervisor, which goes on listening when the daemon has ended. */
  readonly activated?: true;
  /** A program that knows nothing of solod, and was handed its listener: nothing of solod's is said to it. */
  readonly program?: true;
}

export function ownerText(owner: Owner): string {
  return `${JSON.stringify(owner)}\n`;
}

/** @returns undefined for whatever no solod wrote */
export function parseOwner(text: string): Owner | undefined {
  const value = parseJson(text);
  const identity = identityFrom(value);
  if (identity === undefined) return undefined;
  const { name, service, startedMs, solod, version, wire, held, activated, program } = value as Readonly<
    Record<string, unknown>
  >;
  return {
    ...identity,
    name: typeof name === 'string' ? name : '',
    service: typeof service === 'string' ? service : '',
    startedMs: typeof startedMs === 'number' ? startedMs : 0,
    solod: typeof solod === 'string' ? solod : '',
    version: typeof version === 'string' ? version : '',
    wire: typeof wire === 'number' ? wire : 0,
    ...(held === true ? { held } : {}),
    ...(activated === true ? { activated } : {}),
    ...(program === true ? { program } : {}),
  };
}
