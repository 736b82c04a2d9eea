import type net from 'node:net';
import { LogKeeper } from '../../adapters/node/logs/log-keeper.js';
import { LOCK_VARIABLE } from '../../adapters/node/processes/spawner.js';
import type { HandedListener } from '../../adapters/node/sockets/handed-listener.js';
import { type ClaimOutcome, claim as claimWith } from '../../domain/claim/claim.js';
import { WIRE_VERSION } from '../../domain/evidence/edition.js';
import { type Owner, ownerText } from '../../domain/evidence/owner.js';
import type { Failure } from '../../domain/failure.js';
import { type HeldLock, handedLock } from '../../domain/lock/held-lock.js';
import { layout } from '../../domain/place/layout.js';
import { run } from '../../domain/procedure/run.js';
import type { Cause } from '../../ports/readings.js';
import type { Word } from '../../ports/start-word.js';
import { Host } from '../environment/node-host.js';
import { VERSION } from '../environment/version.js';
import { sentence } from '../texts/failure-text.js';
import { type NameOptions, resolveTarget, type Target } from './daemon-target.js';
import { StartReport } from './start-report.js';

export interface ClaimOptions extends NameOptions {
  /** What is served, for people who read the owner file; by default the program's path. */
  readonly service?: string | undefined;
  /** Whether the peer's half-close leaves the own half open (`net.createServer`); false by default. */
  readonly allowHalfOpen?: boolean | undefined;
}

export type ClaimResult =
  | {
      readonly kind: 'claimed';
      readonly generation: number;
      /** The directory of the name, with the generations in it. */
      readonly directory: string;
      /** What clients connect to, as long as this daemon lives. */
      readonly socketPath: string;
      readonly owner: Owner;
      /**
       * Hands every connection to `handle`, those first that have been waiting since the claim. The listener lives until the
       * process ends: there is no way to close it, because a closed listener tells the next candidate that nobody is
       * left who could still touch what the daemon works on.
       */
      serve(handle: (socket: net.Socket) => void): void;
    }
  | { readonly kind: 'gave-way'; readonly generation: number; readonly doubt: Cause | undefined }
  | { readonly kind: 'failed'; readonly failure: Failure };

export type Claimed = Extract<ClaimResult, { readonly kind: 'claimed' }>;

/** A local connection is taken or refused at once; what takes longer is no answer. */
const PROBE_MS = 1_000;

/**
 * Claims a name for this process: the daemon's side. Of all processes that claim a name at the same time one is told
 * `claimed`; the others give way, and had better exit with code 0, having loaded nothing.
 *
 * @returns never rejects
 */
export async function claim(options: ClaimOptions): Promise<ClaimResult> {
  const host = new Host();
  const resolved = resolveTarget(options, host.userId);
  if (resolved.kind === 'failed') return resolved;
  const report = new StartReport(host, resolved.value.place.directory);
  const result = await claimTarget(host, resolved.value, options, report);
  if (result.kind !== 'claimed') return result;
  // What a program has to load it loads before it claims, or while it serves: solod does not know.
  report.say({ kind: 'ready' });
  const { directory } = result;
  LogKeeper.watch({ directory, temporary: () => layout.private(directory, host.nonce()) });
  return result;
}

export interface ClaimSettings extends Pick<ClaimOptions, 'service' | 'allowHalfOpen'> {
  readonly version?: string | undefined;
  /** A supervisor's listener, in place of one's own. */
  readonly handed?: HandedListener | undefined;
}

/** The same for a target that is resolved already. */
export async function claimTarget(
  host: Host,
  target: Target,
  options: ClaimSettings,
  report: Pick<StartReport, 'say'>,
): Promise<ClaimResult> {
  const { place, platform, label } = target;
  const { handed } = options;
  const listener = handed ?? host.listener({ allowHalfOpen: options.allowHalfOpen ?? false });
  const probe = host.probe();
  const self = host.processes.self();
  const owner: Owner = {
    ...self,
    name: label,
    service: options.service ?? process.argv[1] ?? '',
    startedMs: host.clock.now().wallMs,
    solod: VERSION,
    version: options.version ?? '',
    wire: WIRE_VERSION,
    ...(handed === undefined ? {} : { activated: true }),
  };
  const plan = {
    place,
    platform,
    userId: host.userId,
    nonce: host.nonce(),
    lock: takeLock(place.directory),
    ownerText: ownerText(owner),
    probeMs: PROBE_MS,
  };
  const outcome = await run(claimWith(plan), {
    ...host.ports,
    listener,
    probe: handed?.probing(probe) ?? probe,
  });
  probe.drop();
  report.say(wordFor(outcome));
  if (outcome.kind !== 'claimed') return outcome;
  return {
    kind: 'claimed',
    generation: outcome.generation,
    directory: place.directory,
    socketPath: layout.currentSocket(place.directory),
    owner,
    serve: (handle) => listener.serve(handle),
  };
}

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

/** The lock is this process's to end, and no descendant's. */
function takeLock(directory: string): HeldLock | undefined {
  const nonce = process.env[LOCK_VARIABLE];
  delete process.env[LOCK_VARIABLE];
  return handedLock(directory, nonce);
}
