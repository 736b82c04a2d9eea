/**
 * What a daemon keeps an eye on: that its name is still its own, that its service file is still there, how much memory it takes,
 * and whether the process that it is tied to lives. The kernel tells of changes in the directory at once (inotify(7)); the rest,
 * and the directory once more, is looked at every few seconds, because a watch follows the inode, and may not be had at all.
 */

import { type FSWatcher, watch } from 'node:fs';
import { residentBytes } from '../../adapters/node/processes/resident-memory.js';
import { examineTenure, stepTenure, type TenurePlan } from '../../domain/claim/name-ownership.js';
import { type Identity, vitalityOf } from '../../domain/evidence/identity.js';
import { runSync } from '../../domain/procedure/run.js';
import type { Host } from '../environment/node-host.js';

/** An idle daemon wakes up so often. What the rounds allocate is little enough that V8 seldom has to collect it, which costs megabytes. */
const ROUND_MS = 10_000;
/** What comes in a burst is looked at once. */
const SETTLE_MS = 50;

export interface WatchSettings {
  readonly tenure: TenurePlan;
  /** The real path of the service file. */
  readonly service: string;
  readonly memoryLimitBytes: number | undefined;
  /** Whose end is this daemon's end. */
  readonly tether: Identity | undefined;
}

export type WatchFinding =
  /** The name is not this daemon's any more. */
  | { readonly kind: 'orphaned'; readonly path: string }
  | { readonly kind: 'service-deleted'; readonly path: string }
  | { readonly kind: 'memory'; readonly residentBytes: number }
  | { readonly kind: 'untethered'; readonly pid: number };

export interface WatchWitness {
  /** Told each time that everything is looked at. */
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
    private readonly host: Host,
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

  /** Also when a call has ended: that is when memory grows. */
  checkMemory(): void {
    const limit = this.settings.memoryLimitBytes;
    if (limit === undefined) return;
    const taken = residentBytes();
    if (taken > limit) this.witness.onFinding({ kind: 'memory', residentBytes: taken });
  }

  #watchDirectory(): void {
    try {
      this.#watcher = watch(this.settings.tenure.directory, { persistent: false }, (event) => {
        // Appending to the log is no news.
        if (event === 'rename') this.#settle();
      });
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      // No more watches to be had (EMFILE, ENOSPC): the rounds have to do.
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
    const outcome = runSync(stepTenure, examineTenure(this.settings.tenure), this.host.ports);
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
