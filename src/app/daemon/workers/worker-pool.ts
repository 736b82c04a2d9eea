/**
 * The workers of a daemon, each a process that runs one call at a time. `worker-queue.ts` decides which one
 * runs which call.
 */

import {
  emptyQueue,
  type QueueCommand,
  type QueueEvent,
  type QueueState,
  type RefusedBecause,
  stepQueue,
} from '../../../domain/calls/worker-queue.js';
import type { WorkerStarter } from '../../../ports/worker-process.js';
import { EXIT } from '../../environment/exit-codes.js';
import type { PlaceInQueue } from '../../service/admission.js';
import type { Service, ServiceContext } from '../../service/define-service.js';
import type { Loading } from '../../service/load-service.js';
import type { CallScope } from '../../service/run-service.js';
import type { Complaint } from '../../texts/complaint.js';
import { WORKER_TROUBLE } from '../../texts/worker-text.js';
import type { LoadedMessage } from '../../worker/worker-messages.js';
import { type LostWorker, PoolWorker } from './pool-worker.js';
import { PooledCall } from './pooled-call.js';

export interface PoolSettings {
  /** How many workers there are. */
  readonly workers: number;
  /** How long a call whose caller has gone has to end, in milliseconds. */
  readonly graceMs: number;
  /** What V8 lets a worker use; undefined for its own limit. */
  readonly heapBytes: number | undefined;
  readonly log: (line: string) => void;
}

/** How many calls may wait for a worker. Each holds a connection and its request. */
export const WAITING_MAX = 10_000;
/** A call that none of so many workers has begun is not given to another one. */
const ATTEMPTS_MAX = 3;

export class WorkerPool {
  readonly #workers = new Map<number, PoolWorker>();
  readonly #calls = new Map<number, PooledCall>();
  readonly #commands: QueueCommand[] = [];
  #queue: QueueState;
  #lastCall = 0;
  #state: 'open' | 'carrying-out' | 'closed' = 'open';
  #trouble: string | undefined;
  #settleLoading: (loading: Loading) => void = () => {};

  constructor(
    private readonly starter: WorkerStarter,
    private readonly settings: PoolSettings,
  ) {
    this.#queue = emptyQueue({ workers: settings.workers, waiting: WAITING_MAX });
  }

  /**
   * Starts the workers.
   * @returns the service as the first one has loaded it
   */
  load(): Promise<Loading> {
    return new Promise((resolve) => {
      this.#settleLoading = resolve;
      this.#step({ kind: 'opened' });
    });
  }

  /**
   * The caller is told that its call begins when a worker waits for it, and before the worker gets it. So if
   * the daemon is killed, only callers whose calls may have begun don't know whether they may repeat them.
   * @param command what the caller calls the service
   * @param scope what the daemon runs the call in
   */
  queue(command: string, scope: CallScope): PlaceInQueue {
    this.#lastCall += 1;
    const call = new PooledCall(this.#lastCall, command, scope);
    this.#calls.set(call.id, call);
    this.#step({ kind: 'call-came', call: call.id });
    return { turn: call.turn, leave: () => this.#leaveQueue(call) };
  }

  #begin(call: PooledCall, context: ServiceContext): Promise<number> {
    const answered = call.begin(context);
    const worker = call.reservedWorker;
    call.reservedWorker = undefined;
    call.onCancel = () => this.#leave(call);
    // If the worker has ended meanwhile, the call is the next one in line again.
    if (worker !== undefined) this.#workers.get(worker)?.give(call);
    return answered;
  }

  #leaveQueue(call: PooledCall): void {
    if (call.state === 'begun' || !this.#calls.delete(call.id)) return;
    const worker = call.reservedWorker;
    if (worker === undefined) this.#step({ kind: 'call-left', call: call.id });
    else this.#step({ kind: 'worker-unused', worker });
  }

  get numbers() {
    const busy = [...this.#queue.workers.values()].filter((state) => state === 'busy').length;
    return { count: this.#workers.size, busy, waiting: this.#queue.waiting.length };
  }

  /** Of all workers, as they were after their last calls. */
  get residentBytes(): number {
    return [...this.#workers.values()].reduce((sum, { residentBytes }) => sum + residentBytes, 0);
  }

  /** Ends all workers, and starts no other. */
  close(): void {
    this.#state = 'closed';
    for (const worker of this.#workers.values()) worker.discard();
    this.#workers.clear();
  }

  /** The queue's commands may cause events, which come after them. */
  #step(event: QueueEvent): void {
    const { state, commands } = stepQueue(this.#queue, event);
    this.#queue = state;
    this.#commands.push(...commands);
    if (this.#state !== 'open') return;
    this.#state = 'carrying-out';
    for (let next = this.#commands.shift(); next !== undefined; next = this.#commands.shift())
      this.#carryOut(next);
    if (this.#isCarryingOut) this.#state = 'open';
  }

  get #isCarryingOut(): boolean {
    return this.#state === 'carrying-out';
  }

  #carryOut(command: QueueCommand): void {
    switch (command.kind) {
      case 'start':
        this.#start(command.worker);
        return;
      case 'give': {
        const call = this.#calls.get(command.call);
        if (call !== undefined) this.#give(call, command.worker);
        return;
      }
      case 'refuse':
        this.#fail(command.call, this.#refusal(command.why), EXIT.unavailable);
        return;
    }
  }

  #give(call: PooledCall, worker: number): void {
    if (call.state === 'begun') {
      this.#workers.get(worker)?.give(call);
      return;
    }
    call.reservedWorker = worker;
    call.takeTurn((context) => this.#begin(call, context));
  }

  #start(worker: number): void {
    const { graceMs, log } = this.settings;
    const started = new PoolWorker(this.starter, graceMs, {
      onLoaded: (message) => this.#loaded(worker, message),
      onAnswered: (call, message) => {
        this.#calls.delete(call.id);
        if (message.worker === 'spent') this.#discard(worker);
        this.#step({ kind: `worker-${message.worker}`, worker });
      },
      onOutdated: (call) => this.#outdated(worker, call),
      onEnd: (lost) => this.#ended(worker, lost),
      onSaid: log,
    });
    this.#workers.set(worker, started);
  }

  #loaded(worker: number, message: LoadedMessage): void {
    if (message.kind === 'loaded') {
      const { idleTimeoutMs } = message;
      const run = (): never => {
        throw new Error('a call of a daemon with workers is queued');
      };
      const service: Service = {
        name: undefined,
        version: undefined,
        run,
        idleTimeoutMs,
        callProcess: 'shared',
      };
      this.#settleLoading({ kind: 'loaded', service });
      this.#step({ kind: 'worker-loaded', worker });
      return;
    }
    this.#discard(worker);
    this.#broken(message.message);
    this.#step({ kind: 'worker-ended', worker });
  }

  /**
   * If the first worker can't load the service, no other one is tried: the daemon tells its callers, and
   * ends.
   */
  #broken(message: string): void {
    this.#trouble = message;
    if (this.#queue.loaded === 'once') return;
    this.#settleLoading({ kind: 'broken', message });
    this.close();
  }

  #discard(worker: number): void {
    this.#workers.get(worker)?.discard();
    this.#workers.delete(worker);
  }

  #outdated(worker: number, call: PooledCall): void {
    this.#discard(worker);
    call.attempts -= 1;
    this.#requeue(call);
    this.#step({ kind: 'worker-outdated', worker, call: call.id });
  }

  #ended(worker: number, lost: LostWorker): void {
    const { end, progress, lastWords } = lost;
    const call = lost.call ?? this.#reservedFor(worker);
    this.#workers.delete(worker);
    const complaint = WORKER_TROUBLE.ended(end, lastWords, this.settings.heapBytes);
    if (call === undefined) this.#broken(lost.refused ?? complaint.what);
    const isRetried = call !== undefined && progress === 'not-begun' && call.attempts < ATTEMPTS_MAX;
    if (call !== undefined && !isRetried) this.#fail(call.id, complaint, EXIT.software);
    if (isRetried) this.#requeue(call);
    this.#step({ kind: 'worker-ended', worker, call: isRetried ? call.id : undefined });
  }

  #reservedFor(worker: number): PooledCall | undefined {
    return [...this.#calls.values()].find(({ reservedWorker }) => reservedWorker === worker);
  }

  #requeue(call: PooledCall): void {
    call.reservedWorker = undefined;
    call.onCancel = () => this.#leave(call);
  }

  #refusal(why: RefusedBecause): Complaint {
    if (why === 'too-many-wait') return WORKER_TROUBLE.tooManyWait(WAITING_MAX);
    return WORKER_TROUBLE.noWorker(this.#trouble ?? '');
  }

  #leave(call: PooledCall): void {
    this.#step({ kind: 'call-left', call: call.id });
    this.#fail(call.id, WORKER_TROUBLE.notBegun(), EXIT.tempFail);
  }

  #fail(id: number, complaint: Complaint, code: number): void {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    call?.fail(complaint, code);
  }
}
