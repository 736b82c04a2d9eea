/**
 * Keeps what git says about one repository until something there changes. Changes are counted: an answer is
 * valid while the count is the same as when git was started for it, and all directories are watched.
 */

import { directoriesOf } from './directories.js';
import { type Environment, runStatus, type StatusReading } from './git.js';
import { isThere, operationIn, type Repository, stampOf } from './repository.js';
import { type Change, Watchers } from './watchers.js';

/**
 * Limit for a git that no line waits for. In a large repository that has not been read for a while it takes
 * long.
 */
const PATIENT_MS = 10_000;
/** Directories of one repository: inotify(7) may have as few as 8,192 for a user. */
const DIRECTORIES_MAX = 2_000;
/** How long an answer is valid if there are more directories, or the system has no more watches. */
const UNWATCHED_MS = 1_000;
/** How long until watching is tried again. */
const WATCH_AGAIN_MS = 5 * 60_000;
/** How long until a git that is missing or hangs is tried again. */
const REFUSED_MS = 2_000;
/** A burst of changes starts git once, and constant changes don't keep it running all the time. */
const SETTLE_MS = 50;
const SETTLE_PER_RUN = 2;
/** If nobody has asked for so long, a change ends the watching: an idle daemon sleeps. */
const EAGER_MS = 60_000;

export type Answer = StatusReading & { readonly operation: string | undefined };

interface Kept {
  readonly answer: Answer;
  /** The count of changes when git was started. */
  readonly changes: number;
  readonly stamp: string;
  /** When git ended (monotonic clock), and how long it took. */
  readonly atMs: number;
  readonly tookMs: number;
  /** PATH: another caller may find another git. */
  readonly searchPath: string | undefined;
}

/** `later`: begins when there is an answer; `not`: impossible here. */
type Watching = 'later' | 'complete' | 'not';

export class CachedStatus {
  readonly #watchers = new Watchers((change) => this.#changed(change));
  #watching: Watching = 'later';
  #watchAgainMs = 0;
  /** What git ignored when the directories to watch were listed. */
  #ignored = '';
  #changes = 0;
  #structures = 0;
  /** Counts calls of `letGo`. Work that began before the last one is dropped. */
  #epoch = 0;
  #kept: Kept | undefined;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #askedMs = 0;
  #env: Environment = {};

  constructor(private readonly repository: Repository) {}

  /**
   * Never rejects. The answer contains every change from before the call.
   * @param limitMs how long to wait for git; a git that this call starts is killed then
   */
  async read(env: Environment, limitMs: number): Promise<Answer> {
    this.#env = env;
    this.#askedMs = performance.now();
    // The request and a change may both wait to be read. After one turn of the event loop the change is
    // counted.
    await new Promise((resolve) => setImmediate(resolve));
    if (!this.#isGood() && (await this.#refreshWithin(limitMs)) === 'late') return this.#late(limitMs);
    return this.#kept?.answer ?? this.#late(limitMs);
  }

  #late(limitMs: number): Answer {
    return { kind: 'slow', afterMs: limitMs, operation: operationIn(this.repository) };
  }

  /** A git that is under way may have been started with a longer limit. */
  async #refreshWithin(limitMs: number): Promise<'late' | 'done'> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(resolve, limitMs + SETTLE_MS, 'late');
    });
    const outcome = await Promise.race([late, this.#refresh(limitMs)]);
    clearTimeout(timer);
    return outcome;
  }

  async #refresh(limitMs: number): Promise<'done'> {
    // The git that is under way may have been started before the change.
    const underWay = this.#running;
    await underWay;
    if (underWay === undefined || !this.#isGood()) await (this.#running ?? this.#start(limitMs));
    return 'done';
  }

  /** Stops watching and forgets the answer, until somebody asks again. */
  letGo(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#watchers.close();
    this.#watching = 'later';
    this.#kept = undefined;
    this.#epoch += 1;
  }

  #isGood(): boolean {
    const kept = this.#kept;
    if (kept === undefined || kept.changes !== this.#changes) return false;
    const ageMs = performance.now() - kept.atMs;
    if (kept.answer.kind !== 'status') return ageMs < REFUSED_MS && kept.searchPath === this.#env.PATH;
    if (kept.stamp !== stampOf(this.repository)) return false;
    switch (this.#watching) {
      case 'complete':
        return true;
      case 'not':
        return ageMs < UNWATCHED_MS;
      case 'later':
        return false;
    }
  }

  #start(limitMs: number): Promise<void> {
    this.#running = this.#ask(limitMs).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #ask(limitMs: number): Promise<void> {
    const { repository } = this;
    const begun = { changes: this.#changes, stamp: stampOf(repository), searchPath: this.#env.PATH };
    const epoch = this.#epoch;
    const begunMs = performance.now();
    const reading = await runStatus(repository.root, this.#env, limitMs);
    if (epoch !== this.#epoch) return;
    const atMs = performance.now();
    this.#kept = {
      ...begun,
      answer: { ...reading, operation: operationIn(repository) },
      atMs,
      tookMs: atMs - begunMs,
    };
    if (reading.kind === 'slow' && limitMs < PATIENT_MS) this.#soon(SETTLE_MS);
    if (reading.kind !== 'status') return;
    const isOther = this.#watching === 'complete' && reading.status.ignored.join('\0') !== this.#ignored;
    const isTime = this.#watching === 'not' && atMs >= this.#watchAgainMs;
    if (isOther || isTime) this.#watching = 'later';
    if (this.#watching === 'later') this.#soon(SETTLE_MS);
  }

  #changed(change: Change): void {
    this.#changes += 1;
    if (change === 'structure') this.#structures += 1;
    if (change === 'structure' && this.#watching === 'complete') this.#watching = 'later';
    if (performance.now() - this.#askedMs > EAGER_MS) this.letGo();
    else this.#soon(Math.max(SETTLE_MS, SETTLE_PER_RUN * (this.#kept?.tookMs ?? 0)));
  }

  /** Does not keep the process alive: a process for a single call ends before. */
  #soon(afterMs: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#keepUp().catch(() => this.letGo());
    }, afterMs).unref();
  }

  /** Asks git ahead of the next line. */
  async #keepUp(): Promise<void> {
    if (!isThere(this.repository)) return this.letGo();
    await this.#running;
    const answer = this.#kept?.answer;
    if (this.#watching === 'later' && answer?.kind === 'status') await this.#watch(answer.status.ignored);
    const kept = this.#kept;
    if (kept === undefined) return;
    if (kept.answer.kind === 'slow' || kept.changes !== this.#changes)
      await (this.#running ?? this.#start(PATIENT_MS));
  }

  async #watch(ignored: readonly string[]): Promise<void> {
    const [epoch, structures] = [this.#epoch, this.#structures];
    const found = await directoriesOf(this.repository, ignored, DIRECTORIES_MAX);
    if (epoch !== this.#epoch) return;
    const followed = found.kind === 'too-many' ? found : this.#watchers.follow(found.directories);
    if (followed.kind !== 'followed') {
      this.#watchers.close();
      this.#watching = 'not';
      this.#watchAgainMs = performance.now() + WATCH_AGAIN_MS;
      return;
    }
    this.#ignored = ignored.join('\0');
    // Changes from before these directories were watched have not been reported, new directories among them.
    if (followed.added > 0) this.#changes += 1;
    else if (structures === this.#structures) this.#watching = 'complete';
  }
}
