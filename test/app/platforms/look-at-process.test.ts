import { describe, expect, it } from 'vitest';
import { lookingAtProcess } from '../../../src/app/platforms/look-at-process.js';

const ownerOf = (pid: number): string =>
  JSON.stringify({ pid, startTime: '7', bootId: 'boot', pidNamespace: 'n', name: 'db', program: true });

/** A machine where process 1 is dead and 2 lives, and whose `current` names what `owners` say, one by one. */
function machine(...owners: number[]) {
  let looks = 0;
  let dropped = 0;
  const text = (): string => ownerOf(owners[Math.min(looks++, owners.length - 1)] ?? 0);
  const host = {
    files: { readText: () => ({ kind: 'text', text: text() }), inspect: () => ({ kind: 'entry' }) },
    processes: {
      self: () => ({ pid: 3, startTime: '9', bootId: 'boot', pidNamespace: 'n' }),
      lookUp: (pid: number) => (pid === 2 ? { kind: 'present', startTime: '7' } : { kind: 'gone' }),
    },
  } as unknown as Parameters<typeof lookingAtProcess>[0];
  const probe = {
    connect: async () => ({ kind: 'connected' }) as const,
    greet: async () => ({ kind: 'accepted' }) as const,
    drop: () => {
      dropped += 1;
    },
  };
  return { probe: lookingAtProcess(host, probe, 'connect'), dropped: () => dropped };
}

describe('a connection while the process of the program is dead', () => {
  it('is dropped if a child of it has the listener', async () => {
    const { probe, dropped } = machine(1, 1);
    expect(await probe.connect('/d/current/sock', 100)).toMatchObject({ cause: { code: 'EORPHANED' } });
    expect(dropped()).toBe(1);
  });

  it('is kept if the next program has got the name since that look', async () => {
    const { probe, dropped } = machine(1, 2);
    expect(await probe.connect('/d/current/sock', 100)).toEqual({ kind: 'connected' });
    expect(dropped()).toBe(0);
  });
});
