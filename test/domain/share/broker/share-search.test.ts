/** Every order of a small world, and random ones of a larger. */

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  actionsIn,
  checkEnd,
  emptyWorld,
  isKill,
  takeAction,
  type World,
  type WorldAction,
} from './share-world.js';
import { keyOf } from './share-world-key.js';

interface Found {
  readonly states: number;
  readonly ends: number;
  readonly violation: string | undefined;
}

type KeyOf = (world: World) => string;

/** All that a state holds: two that differ may go on differently. */
const wholeKey: KeyOf = (world) =>
  JSON.stringify(world, (_, value) => (value instanceof Map || value instanceof Set ? [...value] : value));

const digest = (text: string): string => createHash('sha1').update(text).digest('base64');

/**
 * Depth first, with the key of every state that was seen remembered.
 * @param visit gets each state, when it is found
 */
function search(start: World, key: KeyOf = keyOf, visit: (world: World) => void = () => {}): Found {
  const seen = new Set<string>();
  const found = { states: 0, ends: 0, violation: undefined as string | undefined };
  const stack: { readonly world: World; readonly story: readonly WorldAction[] }[] = [
    { world: start, story: [] },
  ];
  for (let next = stack.pop(); next !== undefined && found.violation === undefined; next = stack.pop()) {
    const { world, story } = next;
    const actions = actionsIn(world);
    if (actions.every(isKill)) {
      found.ends += 1;
      const end = structuredClone(world);
      checkEnd(end);
      if (end.violations.length > 0)
        found.violation = `${end.violations.join(', ')} after ${story.join(' ')}`;
    }
    for (const action of actions) {
      const after = structuredClone(world);
      takeAction(after, action);
      if (after.violations.length > 0)
        found.violation = `${after.violations.join(', ')} after ${[...story, action].join(' ')}`;
      const own = digest(key(after));
      if (seen.has(own)) continue;
      seen.add(own);
      found.states += 1;
      visit(after);
      stack.push({ world: after, story: [...story, action] });
    }
  }
  return found;
}

const SHORT = [
  ['one host, two requests, all of them killed', 1, 2, { host: 1, broker: 1, server: 1 }],
  ['two hosts, one request each, a broker and a server killed', 2, 1, { host: 0, broker: 1, server: 1 }],
  ['two hosts, two requests each, a server killed', 2, 2, { host: 0, broker: 0, server: 1 }],
] as const;

/** Up to a quarter of an hour each, with SOLOD_ROUNDS=20 in the environment. */
const LONG = [
  ['two hosts, two requests each, all of them killed', 2, 2, { host: 1, broker: 1, server: 1 }],
  ['three hosts, one request each, all of them killed', 3, 1, { host: 1, broker: 1, server: 1 }],
  ['three hosts, two requests each', 3, 2, { host: 0, broker: 0, server: 0 }],
  ['three hosts, two requests each, a server killed', 3, 2, { host: 0, broker: 0, server: 1 }],
  ['three hosts, two requests each, a host killed', 3, 2, { host: 1, broker: 0, server: 0 }],
  ['three hosts, two requests each, a broker killed', 3, 2, { host: 0, broker: 1, server: 0 }],
] as const;

describe('every order', () => {
  it.each(process.env.SOLOD_ROUNDS === undefined ? SHORT : [...SHORT, ...LONG])(
    '%s',
    { timeout: 1_800_000 },
    (_, hosts, requests, kills) => {
      const found = search(emptyWorld(hosts, requests, kills));
      expect(found.violation, `${found.states} states, ${found.ends} ends`).toBeUndefined();
      expect(found.ends).toBeGreaterThan(0);
    },
  );

  it('the key of a state leaves out names alone: the search by all that a state holds finds the same keys', () => {
    const start = emptyWorld(2, 1, { host: 1, broker: 1, server: 0 });
    const keys = new Set<string>();
    const whole = search(start, wholeKey, (world) => keys.add(digest(keyOf(world))));
    const { states } = search(start);
    expect(keys.size).toBe(states);
    expect(whole.states).toBeGreaterThan(2 * states);
  });

  it('finds what is wrong where a request is sent again that the killed broker had taken', () => {
    expect(search(emptyWorld(1, 1, { host: 0, broker: 1, server: 0 }, 0)).violation).toContain('begun twice');
  });
});

describe('random orders', () => {
  it('three hosts, two requests each, kills of anybody at any time', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1_000), { minLength: 20, maxLength: 200 }), (choices) => {
        const world = emptyWorld(3, 2, { host: 1, broker: 2, server: 2 });
        const story: string[] = [];
        for (let n = 0; n < 1_000; n++) {
          const actions = actionsIn(world);
          // Whatever is chosen is over some time: then everything that can go on does.
          const allowed = n < choices.length ? actions : actions.filter((action) => !isKill(action));
          const action = allowed[(choices[n] ?? 0) % Math.max(1, allowed.length)];
          if (action === undefined) break;
          takeAction(world, action);
          story.push(action.join(' '));
        }
        checkEnd(world);
        expect(world.violations, story.join(', ')).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});
