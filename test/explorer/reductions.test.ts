/** What the search leaves out must change neither what it finds nor where it ends. */

import { describe, expect, it } from 'vitest';
import type { Limits, World } from '../../src/adapters/simulation/machine/simulated-state.js';
import {
  actionsIn,
  isProgress,
  type Reductions,
  take,
} from '../../src/adapters/simulation/search/actions.js';
import { violationIn } from '../../src/adapters/simulation/search/invariants.js';
import { SCENARIOS, type Scenario } from '../../src/adapters/simulation/search/scenarios.js';
import { Seen } from '../../src/adapters/simulation/search/seen-states.js';
import { keyOf } from '../../src/adapters/simulation/search/state-key.js';

function scenario(name: string): Scenario {
  const found = SCENARIOS.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no scenario ${name}`);
  return found;
}

/**
 * Where all schedules end, and what is wrong on the way; names are fixed or exchangeable while searching, and
 * exchangeable in the answer.
 */
function endsOf({ world, settings }: Scenario, limits: Partial<Limits>, reductions: Reductions) {
  const rules = { settings, time: 'when-idle', reductions } as const;
  const text = (state: World): string => {
    const { high, low } = keyOf(state, reductions === 'all' ? 'exchangeable' : 'fixed');
    return `${high} ${low}`;
  };
  const stack = [world(limits)];
  const seen = new Set(stack.map(text));
  const ends = new Set<string>();
  const wrong = new Set<string>();
  for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
    const actions = actionsIn(state, rules);
    if (!actions.some(isProgress)) {
      const { high, low } = keyOf(state);
      ends.add(`${high} ${low}`);
    }
    for (const action of actions) {
      const next = take(state, action, rules);
      const what = violationIn(state, next);
      if (what !== undefined) wrong.add(what.replace(/\d+/g, 'n'));
      if (what !== undefined || seen.has(text(next))) continue;
      seen.add(text(next));
      stack.push(next);
    }
  }
  return { ends: [...ends].sort(), wrong: [...wrong].sort(), states: seen.size };
}

describe('with everything left out that may be, and with nothing', () => {
  it.each([
    ['2-candidates', { kills: 2 }],
    ['2-candidates-leftovers', { kills: 1 }],
    ['1-client', { kills: 2 }],
    ['2-kicks', { kills: 1 }],
  ])(
    '%s %o',
    (name, limits) => {
      const reduced = endsOf(scenario(name), limits, 'all');
      const whole = endsOf(scenario(name), limits, 'none');
      expect(reduced.ends).toEqual(whole.ends);
      expect(reduced.wrong).toEqual(whole.wrong);
      expect(reduced.states).toBeLessThan(whole.states);
    },
    180_000,
  );
});

describe('what a name is', () => {
  it('states in which two have changed places are the same, and not with fixed names', () => {
    const { world, settings } = scenario('2-candidates');
    const rules = { settings, time: 'when-idle', reductions: 'none' } as const;
    const first = take(world(), { kind: 'step', pid: 101 }, rules);
    const second = take(world(), { kind: 'step', pid: 102 }, rules);
    expect(keyOf(first)).toEqual(keyOf(second));
    expect(keyOf(first, 'fixed')).not.toEqual(keyOf(second, 'fixed'));
  });

  it('every hash is found again, those with the highest bit too', () => {
    const seen = new Seen();
    for (const high of [0, 1, 0x7fffffff, 0x80000000, 0xffffffff])
      for (const low of [0, 2, 0x80000000, 0xffffffff]) expect(seen.add({ high, low })).toBe(true);
    for (const high of [1, 0x80000000, 0xffffffff])
      for (const low of [0, 2, 0x80000000, 0xffffffff]) expect(seen.add({ high, low })).toBe(false);
    expect(seen.size).toBe(20);
  });
});
