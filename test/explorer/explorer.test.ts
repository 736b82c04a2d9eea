/** The shipped procedures in every order of their calls. The longer searches: `npm run explore`. */

import { describe, expect, it } from 'vitest';
import type { World } from '../../src/adapters/simulation/machine/simulated-state.js';
import type { Rules } from '../../src/adapters/simulation/search/actions.js';
import { SCENARIOS, type Scenario } from '../../src/adapters/simulation/search/scenarios.js';
import { search, shortestViolation } from '../../src/adapters/simulation/search/search.js';
import { scheduleFrom, storySvg, storyText, tell } from '../../src/adapters/simulation/search/story.js';

function scenario(name: string): Scenario {
  const found = SCENARIOS.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no scenario ${name}`);
  return found;
}

const STATES_MAX = 1_000_000;
const RULES = { time: 'when-idle', reductions: 'all' } as const;

describe('nothing is wrong with any schedule', () => {
  it.each([
    ['3-candidates', 0],
    ['2-clients', 0],
    ['2-clients', 2],
    ['2-clients-leftovers', 1],
    ['2-kicks-leftovers', 2],
    ['1-client-1-kick', 1],
    ['darwin-3-candidates', 2],
    ['darwin-3-candidates-leftovers', 1],
    ['darwin-2-clients', 2],
    ['darwin-2-kicks', 2],
    ['windows-3-candidates', 3],
    ['windows-3-candidates-leftovers', 2],
    ['windows-2-clients', 2],
    ['windows-2-kicks', 2],
  ])(
    '%s, at most %i kills',
    (name, kills) => {
      const { world, settings, atEnd } = scenario(name);
      const result = search(world({ kills }), { settings, atEnd, ...RULES, statesMax: STATES_MAX });
      expect(result.kind).toBe('exhausted');
    },
    180_000,
  );
});

describe('the search finds what is wrong', () => {
  it.each([
    ['without-step-6', 1, /two daemons serve|withdrawn|current went down|not its own/],
    ['classic', 0, /two daemons serve/],
    ['darwin-without-lock', 0, /two daemons serve|not its own|no name any more|current names/],
    ['windows-without-lock', 0, /two daemons serve|not its own|no name any more|current names/],
  ])(
    '%s',
    (name, kills, wrong) => {
      const { world, settings } = scenario(name);
      const rules: Rules = { settings, ...RULES };
      const result = shortestViolation(world({ kills }), { ...rules, statesMax: STATES_MAX });
      if (result.kind !== 'violated') throw new Error(result.kind);
      expect(result.what).toMatch(wrong);

      // The story alone suffices to play it again, to the same end.
      const story = storyText(tell(world({ kills }), result.schedule, rules));
      expect(scheduleFrom(story, world({ kills }), rules)).toEqual(result.schedule);
      expect(storySvg(tell(world({ kills }), result.schedule, rules), name)).toContain('</svg>');
    },
    180_000,
  );

  it.each([
    ['kills', '2-clients'],
    ['faults', '2-clients'],
    ['pauses', '2-clients'],
    ['stops', '2-clients'],
    ['ticks', '2-clients'],
    ['removals', '2-clients'],
    ['restarts', '2-candidates'],
  ] as const)('a story with %s in it replays', (disturbance, name) => {
    const { world, settings } = scenario(name);
    const first = world({ kills: 1, [disturbance]: 1 });
    const rules: Rules = { settings, ...RULES };
    // What was allowed is used up: the schedule has it in it, wherever the search put it first.
    const atEnd = ({ left }: World) => (left[disturbance] === 0 ? 'as wanted' : undefined);
    const result = search(first, { ...rules, atEnd, statesMax: STATES_MAX });
    if (result.kind !== 'violated') throw new Error(result.kind);
    expect(result.what).toBe('as wanted');
    const lines = tell(first, result.schedule, rules);
    expect(scheduleFrom(storyText(lines), first, rules)).toEqual(result.schedule);
    expect(tell(first, scheduleFrom(storyText(lines), first, rules), rules)).toEqual(lines);
  });

  it('a story that is none is refused', () => {
    const { world, settings } = scenario('classic');
    expect(() => scheduleFrom('once upon a time', world(), { settings, ...RULES })).toThrow(
      /no line of a story/,
    );
  });
});
