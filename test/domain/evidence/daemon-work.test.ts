import { describe, expect, it } from 'vitest';
import { hasWorked } from '../../../src/domain/evidence/daemon-work.js';
import type { WorkReading } from '../../../src/ports/process-work.js';

type Seen = Extract<WorkReading, { kind: 'seen' }>;

const idle: Seen = { kind: 'seen', activity: 'waiting', ticks: 100, children: 0 };
const hidden: WorkReading = { kind: 'hidden' };

describe('a daemon that does not answer', () => {
  it.each<[string, Partial<Seen>]>([
    ['runs', { activity: 'busy' }],
    ['has used processor time', { ticks: 101 }],
    ['waits for a child', { children: 1 }],
  ])('has worked if it %s', (_, changes) => {
    expect(hasWorked(idle, { ...idle, ...changes })).toBe(true);
  });

  it('has not worked if nothing about it has changed', () => {
    expect(hasWorked(idle, idle)).toBe(false);
  });

  it('has not worked if it is stopped, even with other signs of work', () => {
    expect(hasWorked(idle, { ...idle, activity: 'stopped', ticks: 200, children: 2 })).toBe(false);
  });

  it('is not known to have worked if it can not be seen', () => {
    expect([hasWorked(hidden, idle), hasWorked(idle, hidden)]).toEqual([false, false]);
  });
});
