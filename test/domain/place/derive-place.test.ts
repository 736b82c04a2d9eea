/** The table of places, derived in memory. */

import { describe, expect, it } from 'vitest';
import { MemoryMachine } from '../../../src/adapters/memory/memory-machine.js';
import { expected, SITUATIONS, stage, tellPlace } from '../../conformance/places/situation.js';

it('has at least 30 situations, each with a name of its own', () => {
  expect(SITUATIONS.length).toBeGreaterThanOrEqual(30);
  expect(new Set(SITUATIONS.map(({ name }) => name)).size).toBe(SITUATIONS.length);
});

describe('in memory', () => {
  // Not by it.each, which cuts long names off.
  for (const situation of SITUATIONS)
    it(situation.name, () => {
      const { disk, files } = new MemoryMachine({ userId: 0 });
      stage(
        situation,
        (at, { owner, mode, link }) => {
          const type = link === undefined ? 'directory' : 'link';
          if (at === '/') Object.assign(disk.get(at, 'keep', 'stat'), { userId: owner, mode });
          else disk.create(at, { type, userId: owner, mode }, 'open', link);
        },
        (at, atMs) => Object.assign(disk.get(at, 'keep', 'stat'), { modifiedMs: atMs }),
      );
      expect(tellPlace(situation, files)).toEqual(expected(situation));
    });
});
