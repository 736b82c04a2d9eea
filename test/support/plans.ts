/** Plans for the procedures of the domain in a test: one place, one user, one boot. */

import type { MemoryMachine } from '../../src/adapters/memory/memory-machine.js';
import { identityOf, type MemoryProcess } from '../../src/adapters/memory/memory-process.js';
import type { ClaimPlan } from '../../src/domain/claim/claim.js';
import { type Owner, ownerText } from '../../src/domain/evidence/owner.js';
import { DEFAULT_TIMING } from '../../src/domain/lock/timing.js';
import type { KickPlan } from '../../src/domain/obtain/kick.js';
import type { ObtainPlan } from '../../src/domain/obtain/obtain.js';
import { nonceOf } from '../../src/domain/place/layout.js';

export const ROOT = '/state';
export const HOME = '/state/name';
export const PLACE = { root: ROOT, directory: HOME };
export const USER_ID = 1_000;

/** A path in the directory of the name. */
export const inHome = (name: string): string => `${HOME}/${name}`;

export { identityOf };

type Who = Pick<MemoryProcess, 'pid' | 'startTime'>;

export const ownerOf = (process: Who): Owner => ({
  ...identityOf(process),
  name: 'name',
  service: '/service.mjs',
  startedMs: 5,
  solod: '0.0.0',
  version: '1.0.0',
  wire: 1,
});

export const nonceFor = ({ pid }: Pick<Who, 'pid'>): string => nonceOf(pid, 'abc');

export const claimPlan = (process: Who, changes: Partial<ClaimPlan> = {}): ClaimPlan => ({
  place: PLACE,
  userId: USER_ID,
  platform: 'linux',
  nonce: nonceFor(process),
  lock: undefined,
  ownerText: ownerText(ownerOf(process)),
  probeMs: 100,
  ...changes,
});

export const obtainPlan = (process: Who, changes: Partial<ObtainPlan> = {}): ObtainPlan => ({
  place: PLACE,
  userId: USER_ID,
  platform: 'linux',
  nonce: nonceFor(process),
  timing: DEFAULT_TIMING,
  greeting: 'expected',
  patience: 'wait',
  ...changes,
});

export const kickPlan = (process: Who, changes: Partial<KickPlan> = {}): KickPlan => ({
  place: PLACE,
  userId: USER_ID,
  nonce: nonceFor(process),
  timing: DEFAULT_TIMING,
  ...changes,
});

/** Everything below the directory of the name: a line for each entry, links with their targets. */
export function tree({ files }: Pick<MemoryMachine, 'files'>, path: string = HOME): string[] {
  const listed = files.list(path);
  if (listed.kind !== 'names') return [];
  return [...listed.names].sort().flatMap((name) => {
    const below = `${path}/${name}`;
    const shown = below.slice(HOME.length + 1);
    const link = files.readLink(below);
    if (link.kind === 'target') return [`${shown} -> ${link.target}`];
    const looked = files.inspect(below);
    if (looked.kind !== 'entry' || looked.entry.type !== 'directory') return [shown];
    return [`${shown}/`, ...tree({ files }, below)];
  });
}
