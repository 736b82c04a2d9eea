/** `solod/testing`: a simulated machine, and a search through every order in which its processes may make their calls. */

export type { Action, Reductions, Rules, Time } from '../../adapters/simulation/actions.js';
export { actionsIn, take } from '../../adapters/simulation/actions.js';
export { kill, passTime } from '../../adapters/simulation/disturbances.js';
export { violationIn } from '../../adapters/simulation/invariants.js';
export type { Scenario } from '../../adapters/simulation/scenarios.js';
export { SCENARIOS, SETTINGS } from '../../adapters/simulation/scenarios.js';
export type { SearchOptions, SearchResult } from '../../adapters/simulation/search.js';
export { search, shortestViolation } from '../../adapters/simulation/search.js';
export type {
  Limits,
  Made,
  Process,
  Program,
  Role,
  World,
} from '../../adapters/simulation/simulated-state.js';
export type { Line } from '../../adapters/simulation/story.js';
export { scheduleFrom, storySvg, storyText, tell } from '../../adapters/simulation/story.js';
export type { Settings } from '../../adapters/simulation/world.js';
export { add, advance, emptyWorld } from '../../adapters/simulation/world.js';
