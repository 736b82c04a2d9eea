/**
 * What git says of one repository, kept for as long as nothing there changes. Every change is counted; an
 * answer is good as long as the count is what it was when git was started for it, and all directories are
 * watched.
 */

import { directoriesOf } from './directories.js';
import { type Environment, runStatus, type StatusReading } from './git.js';
import { isThere, operationIn, type Repository, stampOf } from './repository.js';
import { type Change, Watchers } from './watchers.js';

/**
 * A git that no line waits for may take longer, as it does in a large repository that has not been read for a
 * while.
 */
const PATIENT_MS = 10_000;
/** Directories of one repository: inotify(7) may have as few as 8,192 for a user. */
const DIRECTORIES_MAX = 2_000;
/** Where there are more, or no more can be watched, an answer is good for so long. */
const UNWATCHED_MS = 1_000;
/** And watching is tried again only after this. */
const WATCH_AGAIN_MS = 5 * 60_000;
/** A git that is missing or hangs is not tried again at every line. */
const REFUSED_MS = 2_000;
/**
 * What changes in a burst is looked at once; and who changes files all the time does not keep git running all
 * the time.
 */
const SETTLE_MS = 50;
const SETTLE_PER_RUN = 2;
/**
 * Where nobody has asked for so long, a change is a reason to look away, not to look again: an idle daemon
 * sleeps.
 */
const EAGER_MS = 60_000;

export type Answer = StatusReading & { readonly operation: string | undefined };

interface Kept {
  readonly answer: Answer;
  /** How many changes there had been when git was started. */
  readonly changes: number;
  readonly stamp: string;
  /** When it had ended, monotonic, and how long that took. */
  readonly atMs: number;
  readonly tookMs: number;
  /** Another caller may find another git. */
  readonly searchPath: string | undefined;
}

/** `later`: as soon as there is an answer and a moment; `not`: it can't be done here. */
type Watching = 'later' | 'complete' | 'not';

export class CachedStatus {
  readonly #watchers = new Watchers((change) => this.#changed(change));
  #watching: Watching = 'later';
  #watchAgainMs = 0;
  /** What was ignored when the watched directories were gathered. */
  #ignored = '';
  #changes = 0;
  #structures = 0;
  /** Counts how often all was let go: what was begun before that comes to nothing. */
  #epoch = 0;
  #kept: Kept | undefined;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #askedMs = 0;
  #env: Environment = {};

  constructor(private readonly repository: Repository) {}

  /**
   * Never rejects. Whatever was changed before the call is in the answer.
   * @param limitMs how long to wait for git; one that is started for it is killed then
   */
  async read(env: Environment, limitMs: number): Promise<Answer> {
    this.#env = env;
    this.#askedMs = performance.now();
    // The request and the news of a change may both be waiting to be read: after one turn the news is in.
    await new Promise((resolve) => setImmediate(resolve));
    if (!this.#isGood() && (await this.#refreshWithin(limitMs)) === 'late') return this.#late(limitMs);
    return this.#kept?.answer ?? this.#late(limitMs);
  }

  #late(limitMs: number): Answer {
    return { kind: 'slow', afterMs: limitMs, operation: operationIn(this.repository) };
  }

  /** A git that is under way may have been started with more patience. */
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
    // What is under way may have been begun before the change; what is begun from now on is good.
    const underWay = this.#running;
    await underWay;
    if (underWay === undefined || !this.#isGood()) await (this.#running ?? this.#start(limitMs));
    return 'done';
  }

  /** Watches nothing and knows nothing any more, until somebody asks again. */
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

  /** Keeps no process alive: one that runs a single call ends before. */
  #soon(afterMs: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#keepUp().catch(() => this.letGo());
    }, afterMs).unref();
  }

  /** So that the next line need not wait. */
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
    // What has changed in them before they were watched, directories that were made there among it, nobody
    // has told.
    if (followed.added > 0) this.#changes += 1;
    else if (structures === this.#structures) this.#watching = 'complete';
  }
}
