import type { SpecimenOutcome } from '../../src/adapters/simulation/machine/simulated-state.js';
import { add, emptyWorld } from '../../src/adapters/simulation/machine/world.js';
import type { Rules } from '../../src/adapters/simulation/search/actions.js';
import { search, shortestViolation } from '../../src/adapters/simulation/search/search.js';
import { storyText, tell } from '../../src/adapters/simulation/search/story.js';
import { timingFrom } from '../../src/domain/lock/timing.js';
import { files, type Procedure } from '../../src/domain/procedure/procedure.js';

const SIGN = '/s/n/sign';

/** Looks whether somebody has put up a sign, and puts one up if nobody has. */
function* lookThenPutUp(): Procedure<SpecimenOutcome> {
  const sign = yield* files('inspect', SIGN);
  if (sign.kind === 'entry') return { kind: 'gives-way' };
  yield* files('createFile', SIGN, '');
  return { kind: 'serves' };
}

/** Puts it up, and serves only if nobody had: createFile refuses a name that is taken. */
function* putUp(): Procedure<SpecimenOutcome> {
  const made = yield* files('createFile', SIGN, '');
  return made.kind === 'done' ? { kind: 'serves' } : { kind: 'gives-way' };
}

/** Two processes of that protocol, in every order of their calls. */
export function tryOut(specimen: () => Procedure<SpecimenOutcome>): string {
  const rules: Rules = {
    settings: { timing: timingFrom(), backlog: 1, specimen },
    time: 'when-idle',
    reductions: 'all',
  };
  const first = ['specimen', 'specimen'].reduce(
    (world) => add(world, 'specimen', rules.settings),
    emptyWorld(),
  );
  const result = shortestViolation(first, { ...rules, statesMax: 1_000 });
  if (result.kind === 'violated')
    return `${storyText(tell(first, result.schedule, rules))}\n\n${result.what}`;
  const { kind, states } = search(first, { ...rules, statesMax: 1_000 });
  return `${kind}: ${states} states, nothing wrong`;
}

export const tutorial = (): readonly [string, string] => [tryOut(lookThenPutUp), tryOut(putUp)];
