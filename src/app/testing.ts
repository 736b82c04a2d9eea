/** `solod/testing`: a simulated machine, and a search through every order in which its processes may make their calls. */

export type { Scenario } from '../adapters/simulation/scenarios.js';
export { SCENARIOS, SETTINGS } from '../adapters/simulation/scenarios.js';
export type { Action, SearchOptions, SearchResult } from '../adapters/simulation/search.js';
export { actionsIn, search, shortestViolation, take, violationIn } from '../adapters/simulation/search.js';
export type { Made, Process, Program, World } from '../adapters/simulation/state.js';
export type { Line } from '../adapters/simulation/story.js';
export { scheduleFrom, storySvg, storyText, tell } from '../adapters/simulation/story.js';
export type { Settings } from '../adapters/simulation/world.js';
export {
  addCandidate,
  addClassic,
  addKick,
  addObtain,
  advance,
  emptyWorld,
  kill,
  passTime,
} from '../adapters/simulation/world.js';
