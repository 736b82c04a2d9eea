/**
 * What a daemon watches: that it still owns its name, that its service file exists, how much memory it takes, and whether the
 * process that it is tethered to lives. The kernel reports changes in the directory at once (inotify(7)). All of it, the directory
 * included, is also checked every few seconds, because a watch follows the inode, and the system may refuse it.
 */

import { type FSWatcher, watch } from 'node:fs';
import { checkOwnership, type OwnershipPlan } from '../../domain/claim/name-ownership.js';
import { type Identity, vitalityOf } from '../../domain/evidence/identity.js';
import { runSync } from '../../domain/procedure/run.js';
import { type CommonHost, portsOf } from '../platforms/host.js';
import { residentBytes } from '../platforms/node-platform.js';

/** How often an idle daemon wakes up. A round allocates so little that V8 seldom collects garbage, which would cost megabytes. */
const ROUND_MS = 10_000;
/** A burst of changes is checked once. */
const SETTLE_MS = 50;

interface WatchSettings {
  readonly tenure: OwnershipPlan;
  /** Real path of the service file. */
  readonly service: string;
  readonly memoryLimitBytes: number | undefined;
  /** The daemon ends when this process does. */
  readonly tether: Identity | undefined;
}

export type WatchFinding =
  /** The daemon does not own its name any more. */
  | { readonly kind: 'orphaned'; readonly path: string }
  | { readonly kind: 'service-deleted'; readonly path: string }
  | { readonly kind: 'memory'; readonly residentBytes: number }
  | { readonly kind: 'untethered'; readonly pid: number };

export function findingText(finding: WatchFinding): string {
  switch (finding.kind) {
    case 'orphaned':
      return `${finding.path} is gone, or another's: this daemon has lost its name`;
    case 'service-deleted':
      return `${finding.path} has been deleted`;
    case 'memory':
      return `it takes ${Math.round(finding.residentBytes / 2 ** 20)} MiB, more than it may`;
    case 'untethered':
      return `process ${finding.pid}, to which it was tied, has ended`;
  }
}

interface WatchWitness {
  /** How much memory the processes take that run calls. */
  workerBytes(): number;
  /** Called with each round. */
  onRound(): void;
  onFinding(finding: WatchFinding): void;
}

export class Watch {
  #watcher: FSWatcher | undefined;
  #round: NodeJS.Timeout | undefined;
  #settling: NodeJS.Timeout | undefined;
  /** An editor may replace a file by removing it first. */
  #serviceMissing: 'no' | 'once' = 'no';

  constructor(
    private readonly host: CommonHost,
    private readonly settings: WatchSettings,
    private readonly witness: WatchWitness,
  ) {}

  start(): void {
    this.#watchDirectory();
    this.#round = setInterval(() => this.#goRound(), ROUND_MS).unref();
  }

  stop(): void {
    this.#watcher?.close();
    clearInterval(this.#round);
    clearTimeout(this.#settling);
  }

  /** Called also when a call has ended, because calls make memory grow. */
  checkMemory(): void {
    const limit = this.settings.memoryLimitBytes;
    if (limit === undefined) return;
    const taken = residentBytes() + this.witness.workerBytes();
    if (taken > limit) this.witness.onFinding({ kind: 'memory', residentBytes: taken });
  }

  #watchDirectory(): void {
    try {
      this.#watcher = watch(this.settings.tenure.directory, { persistent: false }, (event) => {
        // Any other event is about a file's content, such as the log.
        if (event === 'rename') this.#settle();
      });
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      // The system allows no more watches (EMFILE, ENOSPC): the rounds do.
    }
  }

  #settle(): void {
    this.#settling ??= setTimeout(() => {
      this.#settling = undefined;
      this.#checkTenure();
    }, SETTLE_MS).unref();
  }

  #goRound(): void {
    this.#checkTenure();
    this.#checkService();
    this.checkMemory();
    this.#checkTether();
    this.witness.onRound();
  }

  #checkTenure(): void {
    const check = this.host.claiming?.checkOwnership ?? checkOwnership;
    const outcome = runSync(check(this.settings.tenure), portsOf(this.host));
    if (outcome.kind === 'lost') this.witness.onFinding({ kind: 'orphaned', path: outcome.path });
  }

  #checkService(): void {
    const { service } = this.settings;
    const reading = this.host.files.inspect(service);
    if (reading.kind !== 'absent') this.#serviceMissing = 'no';
    else if (this.#serviceMissing === 'no') this.#serviceMissing = 'once';
    else this.witness.onFinding({ kind: 'service-deleted', path: service });
  }

  #checkTether(): void {
    const { tether } = this.settings;
    if (tether === undefined) return;
    const { processes } = this.host;
    if (vitalityOf(tether, processes.self(), processes.lookUp(tether.pid)) === 'dead')
      this.witness.onFinding({ kind: 'untethered', pid: tether.pid });
  }
}
