import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { LOCK_VARIABLE } from '../../adapters/spawn-target.js';
import { type ClaimOutcome, claim as claimWith } from '../../domain/claim/claim.js';
import { WIRE_VERSION } from '../../domain/evidence/edition.js';
import { type Owner, ownerText } from '../../domain/evidence/owner.js';
import type { Failure } from '../../domain/failure.js';
import { type HeldLock, handedLock } from '../../domain/lock/held-lock.js';
import { layout } from '../../domain/place/layout.js';
import { run } from '../../domain/procedure/run.js';
import type { Cause } from '../../ports/readings.js';
import type { SocketProbe } from '../../ports/socket-probe.js';
import type { Word } from '../../ports/start-word.js';
import { VERSION } from '../environment/version.js';
import { type DaemonHost, type LibraryHost, portsOf, type ServingListener } from '../platforms/host.js';
import { lookingAtProcess } from '../platforms/look-at-process.js';
import { StartReport } from '../platforms/start-report.js';
import { sentence } from '../texts/failure-sentence.js';
import { type NameOptions, settledTarget, type Target } from './daemon-target.js';
import { type FailedResult, failed } from './obtain-daemon.js';

export interface ClaimOptions extends NameOptions {
  /** What is served, for people who read the owner file; by default the program's path. */
  readonly service?: string | undefined;
  /**
   * Whether a connection stays writable after its peer has ended (as in `net.createServer`); false by
   * default.
   */
  readonly allowHalfOpen?: boolean | undefined;
}

type TargetClaim<C = Socket> =
  | {
      readonly kind: 'claimed';
      readonly generation: number;
      /** Directory of the name, with the generations in it. */
      readonly directory: string;
      /** Path that clients connect to, as long as this daemon lives. */
      readonly socketPath: string;
      readonly owner: Owner;
      /**
       * Hands each connection to `handle`, those first that have been waiting since the claim. The listener
       * can't be closed: it lives until the process ends, because a closed listener tells the next candidate
       * that this process touches nothing any more.
       */
      serve(handle: (connection: C) => void): void;
    }
  /** Another process serves the name. `doubt` says why that is not certain, where it is not. */
  | { readonly kind: 'gave-way'; readonly generation: number; readonly doubt: Cause | undefined }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** For programs: what failed is a sentence and a code, too. */
export type ClaimResult<C = Socket> = Exclude<TargetClaim<C>, { readonly kind: 'failed' }> | FailedResult;

export type Claimed<C = Socket> = Extract<TargetClaim<C>, { readonly kind: 'claimed' }>;

/** By what a daemon knows that the name is still its own. */
export const tenureOf = ({
  directory,
  generation,
  owner,
}: Pick<Claimed, 'directory' | 'generation' | 'owner'>) => ({
  directory,
  generation,
  ownerText: ownerText(owner),
  heldOwnerText: ownerText({ ...owner, held: true }),
});

/** A local connection is accepted or refused at once; more time brings no other answer. */
const PROBE_MS = 1_000;

export async function claimName<C extends Duplex>(
  host: LibraryHost<C>,
  options: ClaimOptions,
): Promise<ClaimResult<C>> {
  const resolved = settledTarget(options, host);
  if (resolved.kind === 'failed') return failed(resolved.failure);
  const report = new StartReport(host, resolved.value.place.directory);
  const result = await claimTarget(host, resolved.value, options, report);
  if (result.kind === 'failed') return failed(result.failure);
  if (result.kind === 'gave-way') return result;
  // Solod can't know what the program still has to load: it counts as ready.
  report.say({ kind: 'ready' });
  host.watchLog(result.directory);
  return result;
}

/** A supervisor's listener, in place of the daemon's own. */
interface ForeignListener<C> extends ServingListener<C> {
  /** A probe that knows connections to this listener from connections to another daemon. */
  probing(probe: SocketProbe): SocketProbe;
}

interface ClaimSettings<C> extends Pick<ClaimOptions, 'service' | 'allowHalfOpen'> {
  readonly version?: string | undefined;
  readonly handed?: ForeignListener<C> | undefined;
  /** A supervisor's listener, the default, outlives the daemon; one that solod has made ends with it. */
  readonly handedBy?: 'supervisor' | 'solod' | undefined;
}

/** The same for a target that is resolved already. */
export async function claimTarget<C extends Duplex>(
  host: DaemonHost<C>,
  target: Target,
  options: ClaimSettings<C>,
  report: Pick<StartReport, 'say'>,
): Promise<TargetClaim<C>> {
  const { directory } = target.place;
  const { handed } = options;
  const listener = handed ?? host.listener({ allowHalfOpen: options.allowHalfOpen ?? false });
  const probe = host.probe();
  const owner: Owner = {
    ...host.processes.self(),
    name: target.label,
    service: options.service ?? host.program,
    startedMs: host.clock.now().wallMs,
    solod: VERSION,
    version: options.version ?? '',
    wire: WIRE_VERSION,
    ...(handed === undefined ? {} : options.handedBy === 'solod' ? { program: true } : { activated: true }),
  };
  const plan = {
    place: target.place,
    platform: target.platform,
    userId: host.userId,
    nonce: host.nonce(),
    lock: takeLock(directory, host.env),
    ownerText: ownerText(owner),
    heldOwnerText: host.witness && ownerText({ ...owner, held: true }),
    probeMs: PROBE_MS,
  };
  // Windows has no programs that are handed their listener.
  const looking = target.platform === 'win32' ? probe : lookingAtProcess(host, probe, 'process');
  const ports = { ...portsOf(host), listener, probe: handed?.probing(probe) ?? looking };
  const outcome = await run((host.claiming?.claim ?? claimWith)(plan), host.held(ports));
  probe.drop();
  report.say(wordFor(outcome));
  if (outcome.kind !== 'claimed') return outcome;
  return claimedBy(listener, { generation: outcome.generation, directory, owner });
}

/** What a process has that has claimed a name, and serves it by that listener. */
export const claimedBy = <C>(
  listener: Pick<ServingListener<C>, 'serve'>,
  { generation, directory, owner }: Pick<Claimed, 'generation' | 'directory' | 'owner'>,
): Claimed<C> => ({
  kind: 'claimed',
  generation,
  directory,
  socketPath: layout.currentSocket(directory),
  owner,
  serve: (handle) => listener.serve(handle),
});

function wordFor(outcome: ClaimOutcome): Word {
  switch (outcome.kind) {
    case 'claimed':
      return { kind: 'claimed', generation: outcome.generation };
    case 'gave-way':
      return { kind: 'gave-way', generation: outcome.generation };
    case 'failed':
      return { kind: 'failed', stage: 'claiming', message: sentence(outcome.failure) };
  }
}

/** Takes the nonce out of the environment: this process ends the lock, and none of its children may. */
function takeLock(directory: string, env: Record<string, string | undefined>): HeldLock | undefined {
  const nonce = env[LOCK_VARIABLE];
  delete env[LOCK_VARIABLE];
  return handedLock(directory, nonce);
}
