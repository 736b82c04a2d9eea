import { describe, expect, it } from 'vitest';
import { judgeWork } from '../../../src/domain/evidence/daemon-work.js';
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
    expect(judgeWork(idle, { ...idle, ...changes })).toBe('works');
  });

  it('is blocked if it waits in a synchronous call, unless something else shows that it works', () => {
    const blocked = { ...idle, activity: 'blocked' } as const;
    expect(judgeWork(idle, blocked)).toBe('blocked');
    expect(judgeWork(idle, { ...blocked, ticks: 101 })).toBe('works');
    expect(judgeWork(blocked, idle)).toBe('rests');
  });

  it('has not worked if nothing about it has changed', () => {
    expect(judgeWork(idle, idle)).toBe('rests');
  });

  it('has not worked if it is stopped, even with other signs of work', () => {
    expect(judgeWork(idle, { ...idle, activity: 'stopped', ticks: 200, children: 2 })).toBe('rests');
  });

  it('is not known to have worked if it can not be seen', () => {
    expect([judgeWork(hidden, idle), judgeWork(idle, hidden)]).toEqual(['rests', 'rests']);
  });
});
