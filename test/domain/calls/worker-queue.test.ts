import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  emptyQueue,
  FAILURES_MAX,
  type QueueCommand,
  type QueueEvent,
  type QueueState,
  stepQueue,
} from '../../../src/domain/calls/worker-queue.js';

/** The commands of each event. */
function play(workers: number, ...events: readonly QueueEvent[]): readonly (readonly QueueCommand[])[] {
  let state = emptyQueue({ workers, waiting: 2 });
  return events.map((event) => {
    const step = stepQueue(state, event);
    state = step.state;
    return step.commands;
  });
}

const opened: QueueEvent = { kind: 'opened' };
const came = (call: number): QueueEvent => ({ kind: 'call-came', call });
const loaded = (worker: number): QueueEvent => ({ kind: 'worker-loaded', worker });
const free = (worker: number): QueueEvent => ({ kind: 'worker-free', worker });
const ended = (worker: number, call?: number): QueueEvent => ({ kind: 'worker-ended', worker, call });
const start = (worker: number): QueueCommand => ({ kind: 'start', worker });
const give = (worker: number, call: number): QueueCommand => ({ kind: 'give', worker, call });

describe('workers', () => {
  it('are started once the first one has loaded the service', () => {
    expect(play(3, opened, loaded(1))).toEqual([[start(1)], [start(2), start(3)]]);
  });

  it('are replaced when they end', () => {
    expect(play(1, opened, loaded(1), came(7), ended(1))).toEqual([[start(1)], [], [give(1, 7)], [start(2)]]);
  });

  it('are replaced when others may have their descriptors', () => {
    const spent: QueueEvent = { kind: 'worker-spent', worker: 1 };
    expect(play(1, opened, loaded(1), came(7), spent)[3]).toEqual([start(2)]);
  });

  it('are not started again when they keep ending, until another call comes', () => {
    const played = play(1, opened, ended(1), ended(2), ended(3), came(7), ended(4));
    expect(played).toEqual([
      [start(1)],
      [start(2)],
      [start(3)],
      [],
      [start(4)],
      [{ kind: 'refuse', call: 7, why: 'no-worker' }],
    ]);
    expect(played.flat().filter(({ kind }) => kind === 'start')).toHaveLength(FAILURES_MAX + 1);
  });

  it('may end any number of times if calls end them', () => {
    const crashes = [1, 2, 3, 4, 5].flatMap((n) => [loaded(n), came(n), ended(n)]);
    expect(play(1, opened, ...crashes).at(-1)).toEqual([start(6)]);
  });
});

describe('calls', () => {
  it('wait in their order', () => {
    const played = play(1, opened, came(1), came(2), loaded(1), free(1), free(1));
    expect(played.flat()).toEqual([start(1), give(1, 1), give(1, 2)]);
  });

  it('run at once if there are workers', () => {
    expect(play(2, opened, loaded(1), loaded(2), came(1), came(2), came(3)).slice(3)).toEqual([
      [give(1, 1)],
      [give(2, 2)],
      [],
    ]);
  });

  it('are dropped when their callers have left', () => {
    expect(play(1, opened, came(1), came(2), { kind: 'call-left', call: 1 }, loaded(1)).at(-1)).toEqual([
      give(1, 2),
    ]);
  });

  it('give way to the next one if their callers leave before they begin', () => {
    const unused: QueueEvent = { kind: 'worker-unused', worker: 1 };
    expect(play(1, opened, loaded(1), came(1), came(2), unused).at(-1)).toEqual([give(1, 2)]);
  });

  it('that a worker did not begin come first', () => {
    const played = play(1, opened, loaded(1), came(1), came(2), ended(1, 1), loaded(2));
    expect(played.at(-1)).toEqual([give(2, 1)]);
  });

  it('that come after an edit go to the next worker, and the current one has not failed', () => {
    const edits = [1, 2, 3, 4].flatMap((worker): QueueEvent[] => [
      loaded(worker),
      { kind: 'worker-outdated', worker, call: 1 },
    ]);
    expect(play(1, opened, came(1), ...edits).at(-1)).toEqual([start(5)]);
  });

  it('are refused when too many calls wait', () => {
    const refused = { kind: 'refuse', call: 3, why: 'too-many-wait' };
    expect(play(1, opened, came(1), came(2), came(3)).at(-1)).toEqual([refused]);
  });
});

/** Every event that can happen next to the existing workers and calls. */
function nextEvents(state: QueueState, running: ReadonlyMap<number, number>, call: number): QueueEvent[] {
  const events: QueueEvent[] = [came(call)];
  for (const waiting of state.waiting) events.push({ kind: 'call-left', call: waiting });
  for (const [worker, as] of state.workers) {
    events.push(ended(worker));
    if (as === 'starting') events.push(loaded(worker));
    const given = running.get(worker);
    if (given === undefined) continue;
    events.push(free(worker), { kind: 'worker-unused', worker }, ended(worker, given), {
      kind: 'worker-spent',
      worker,
    });
    events.push({ kind: 'worker-outdated', worker, call: given });
  }
  return events;
}

it('after any events, each call is in one place, and no worker has two', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 60 }), fc.integer({ min: 1, max: 3 }), (choices, workers) => {
      let { state } = stepQueue(emptyQueue({ workers, waiting: 4 }), opened);
      const running = new Map<number, number>();
      const open = new Set<number>();
      for (const [n, choice] of choices.entries()) {
        const events = nextEvents(state, running, n);
        const event = events[choice % events.length] ?? opened;
        if (event.kind === 'call-came') open.add(event.call);
        if (event.kind === 'call-left') open.delete(event.call);
        if ('worker' in event) {
          const returned = 'call' in event ? event.call : undefined;
          const call = running.get(event.worker);
          running.delete(event.worker);
          if (call !== undefined && call !== returned) open.delete(call);
        }
        const step = stepQueue(state, event);
        state = step.state;
        for (const command of step.commands) {
          if (command.kind === 'refuse') open.delete(command.call);
          if (command.kind !== 'give') continue;
          expect(running.has(command.worker)).toBe(false);
          expect([...running.values()]).not.toContain(command.call);
          running.set(command.worker, command.call);
        }
        expect(state.workers.size).toBeLessThanOrEqual(workers);
        expect([...state.waiting, ...running.values()].sort()).toEqual([...open].sort());
        expect(state.waiting.length === 0 || [...state.workers.values()].every((as) => as !== 'idle')).toBe(
          true,
        );
      }
    }),
    { numRuns: 1_000 },
  );
});
