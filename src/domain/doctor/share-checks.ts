/** What `solod share` keeps running, and what its sessions cost. */

import { note, ok, type SymptomsOf, type Tellers } from './finding-parts.js';

export interface ShareReading {
  /** Of the broker's name. */
  readonly directory: string;
  readonly broker: 'there' | 'gone';
  /** The servers that it, or a broker before it, has started and that live. */
  readonly servers: readonly number[];
  readonly client: ClientReading;
}

/** What runs behind `solod share` for each session. */
export type ClientReading =
  | { readonly kind: 'native' }
  /** There is none for this platform. */
  | { readonly kind: 'not-for-here' }
  | { readonly kind: 'missing'; readonly package: string }
  /** It is installed; this Node can't hand its process over to it. */
  | { readonly kind: 'not-handed-over'; readonly node: string };

export function symptomsOfShare({ directory, broker, servers, client }: ShareReading): ShareSymptom[] {
  const symptoms: ShareSymptom[] = [];
  if (broker === 'gone' && servers.length > 0) symptoms.push({ kind: 'servers-left', directory, servers });
  if (broker === 'there') symptoms.push({ kind: 'shared-servers', directory, servers });
  // Without a broker nobody shares anything at the moment.
  if (broker === 'gone') return symptoms;
  if (client.kind === 'missing')
    symptoms.push({ kind: 'sessions-in-node', directory, package: client.package });
  if (client.kind === 'not-handed-over')
    symptoms.push({ kind: 'sessions-not-native', directory, node: client.node });
  return symptoms;
}

const pids = (servers: readonly number[]): string =>
  servers.length === 0 ? 'no server' : `${servers.length === 1 ? 'server' : 'servers'} ${servers.join(', ')}`;

const COST = 'each session of "solod share" takes about 42 MB instead of 1 MB';

export const SHARE_TELLERS = {
  'shared-servers': ({ directory, servers }: { directory: string; servers: readonly number[] }) =>
    ok(directory, `a broker of "solod share" runs ${pids(servers)}; "solod share ls" lists them`),
  'servers-left': ({ directory, servers }: { directory: string; servers: readonly number[] }) =>
    note(
      directory,
      `the broker that started them is gone: ${pids(servers)}`,
      `nothing: the next broker ends them; until then "kill ${servers.join(' ')}" does`,
    ),
  'sessions-in-node': ({ directory, package: name }: { directory: string; package: string }) =>
    note(
      directory,
      `the native client (${name}) is not installed, so ${COST}`,
      'install solod with its optional dependencies, then run "solod share install" again',
    ),
  'sessions-not-native': ({ directory, node }: { directory: string; node: string }) =>
    note(
      directory,
      `Node ${node} can't hand over to the native client, so ${COST}, unless the settings name that client`,
      'run "solod share install" again, which writes its path; or use Node 22.15 or newer',
    ),
} as const satisfies Tellers;

export type ShareSymptom = SymptomsOf<typeof SHARE_TELLERS>;
