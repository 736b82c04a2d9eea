/**
 * Which worker runs which call. A worker runs one call at a time; other calls wait in the order in which they
 * came. A worker that ends is replaced. The first worker shows that the service loads; the others are started
 * after it.
 */

export interface QueueLimits {
  /** How many workers there are. */
  readonly workers: number;
  /** How many calls may wait. */
  readonly waiting: number;
}

export type WorkerState = 'starting' | 'idle' | 'busy';

export interface QueueState {
  readonly limits: QueueLimits;
  readonly workers: ReadonlyMap<number, WorkerState>;
  /** Calls, first come first. */
  readonly waiting: readonly number[];
  /** Workers in a row that ended before any of them had finished a call. */
  readonly failures: number;
  readonly loaded: 'not-yet' | 'once';
  readonly nextWorker: number;
}

export type QueueEvent =
  | { readonly kind: 'opened' }
  | { readonly kind: 'call-came'; readonly call: number }
  /** Its caller has gone while it waited. */
  | { readonly kind: 'call-left'; readonly call: number }
  | { readonly kind: 'worker-loaded'; readonly worker: number }
  | { readonly kind: 'worker-free'; readonly worker: number }
  /** The caller of the call that it was given has gone before the call began. */
  | { readonly kind: 'worker-unused'; readonly worker: number }
  /** @property call a call that it was given and did not begin: it is the next one in line */
  | { readonly kind: 'worker-ended'; readonly worker: number; readonly call?: number | undefined }
  /**
   * It has loaded files that have changed since, and did not begin the call, which is the next one in line.
   */
  | { readonly kind: 'worker-outdated'; readonly worker: number; readonly call: number }
  /** It has finished a call and can't run another one. */
  | { readonly kind: 'worker-spent'; readonly worker: number };

export type QueueCommand =
  | { readonly kind: 'start'; readonly worker: number }
  | { readonly kind: 'give'; readonly worker: number; readonly call: number }
  | { readonly kind: 'refuse'; readonly call: number; readonly why: RefusedBecause };

export type RefusedBecause = 'too-many-wait' | 'no-worker';

export interface QueueStep {
  readonly state: QueueState;
  readonly commands: readonly QueueCommand[];
}

/**
 * After so many failures in a row no worker is started until another call comes, which is worth one more
 * attempt.
 */
export const FAILURES_MAX = 3;

export const emptyQueue = (limits: QueueLimits): QueueState => ({
  limits,
  workers: new Map(),
  waiting: [],
  failures: 0,
  loaded: 'not-yet',
  nextWorker: 1,
});

export function stepQueue(state: QueueState, event: QueueEvent): QueueStep {
  switch (event.kind) {
    case 'opened':
      return settle(state);
    case 'call-came':
      return come(state, event.call);
    case 'call-left':
      return settle({ ...state, waiting: state.waiting.filter((call) => call !== event.call) });
    case 'worker-loaded':
      return settle({ ...withWorker(state, event.worker, 'idle'), loaded: 'once' });
    case 'worker-unused':
      return settle(withWorker(state, event.worker, 'idle'));
    case 'worker-free':
      return settle({ ...withWorker(state, event.worker, 'idle'), failures: 0 });
    case 'worker-spent':
      return settle({ ...withoutWorker(state, event.worker), failures: 0 });
    case 'worker-outdated':
      return settle({ ...withoutWorker(state, event.worker), waiting: [event.call, ...state.waiting] });
    case 'worker-ended':
      return ended(state, event.worker, event.call);
  }
}

function come(state: QueueState, call: number): QueueStep {
  const failures = Math.min(state.failures, FAILURES_MAX - 1);
  const step = settle({ ...state, failures, waiting: [...state.waiting, call] });
  if (step.state.waiting.length <= state.limits.waiting) return step;
  const refusal: QueueCommand = { kind: 'refuse', call, why: 'too-many-wait' };
  const waiting = step.state.waiting.filter((other) => other !== call);
  return { state: { ...step.state, waiting }, commands: [...step.commands, refusal] };
}

/**
 * A worker that ends in the middle of a call is the fault of that call, and says nothing about the next
 * worker.
 */
function ended(state: QueueState, worker: number, returned: number | undefined): QueueStep {
  const was = state.workers.get(worker);
  const isFault = was !== 'busy' || returned !== undefined;
  const waiting = returned === undefined ? state.waiting : [returned, ...state.waiting];
  return settle({ ...withoutWorker(state, worker), waiting, failures: isFault ? state.failures + 1 : 0 });
}

function withWorker(state: QueueState, worker: number, as: WorkerState): QueueState {
  return { ...state, workers: new Map(state.workers).set(worker, as) };
}

function withoutWorker(state: QueueState, worker: number): QueueState {
  const workers = new Map(state.workers);
  workers.delete(worker);
  return { ...state, workers };
}

/**
 * Gives waiting calls to idle workers, starts missing workers, and refuses calls for which there will be
 * none.
 */
function settle(state: QueueState): QueueStep {
  const given = giveCalls(state);
  const started = startWorkers(given.state);
  const refused = refuseCalls(started.state);
  return { state: refused.state, commands: [...given.commands, ...started.commands, ...refused.commands] };
}

function giveCalls(state: QueueState): QueueStep {
  const workers = new Map(state.workers);
  const waiting = [...state.waiting];
  const commands: QueueCommand[] = [];
  for (const [worker, as] of workers) {
    const call = as === 'idle' ? waiting.shift() : undefined;
    if (call === undefined) continue;
    workers.set(worker, 'busy');
    commands.push({ kind: 'give', worker, call });
  }
  return { state: { ...state, workers, waiting }, commands };
}

function startWorkers(state: QueueState): QueueStep {
  const workers = new Map(state.workers);
  const commands: QueueCommand[] = [];
  const wanted = state.loaded === 'once' ? state.limits.workers : 1;
  let { nextWorker } = state;
  while (workers.size < wanted && state.failures < FAILURES_MAX) {
    workers.set(nextWorker, 'starting');
    commands.push({ kind: 'start', worker: nextWorker });
    nextWorker += 1;
  }
  return { state: { ...state, workers, nextWorker }, commands };
}

function refuseCalls(state: QueueState): QueueStep {
  if (state.workers.size > 0) return { state, commands: [] };
  const commands = state.waiting.map((call): QueueCommand => ({ kind: 'refuse', call, why: 'no-worker' }));
  return { state: { ...state, waiting: [] }, commands };
}
