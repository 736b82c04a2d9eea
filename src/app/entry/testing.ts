/**
 * `solod/testing` has three parts.
 *
 * A memory machine, for tests of a program that embeds solod: several processes share one disk, one network and one clock, each
 * with a solod of its own (`createSolod(memoryHost(process))`). The test kills them, lets time pass, and steps from one port call
 * to the next, so that a race goes the same way in each run.
 *
 * The contract that a platform's adapters keep, as checks for any test runner (`adapterContract`).
 *
 * A search through every order in which the processes of a simulated machine may make their calls, for solod's own procedures.
 */

export type { ContractCheck, ContractHost } from '../../adapters/contract/contract.js';
export { adapterContract } from '../../adapters/contract/contract.js';
export type { FakeClock } from '../../adapters/memory/clock.js';
export type { Fault } from '../../adapters/memory/files/faults.js';
export type { HeldCalls, PortCall } from '../../adapters/memory/held-calls.js';
export type { MachineOptions, MemoryProgram, SpawnRecord } from '../../adapters/memory/memory-machine.js';
export { MemoryMachine } from '../../adapters/memory/memory-machine.js';
export type { MemoryProcess } from '../../adapters/memory/memory-process.js';
export { kill, passTime } from '../../adapters/simulation/machine/disturbances.js';
export type {
  Limits,
  Made,
  Process,
  Program,
  Role,
  World,
} from '../../adapters/simulation/machine/simulated-state.js';
export type { Settings } from '../../adapters/simulation/machine/world.js';
export { add, advance, emptyWorld } from '../../adapters/simulation/machine/world.js';
export type { Action, Reductions, Rules, Time } from '../../adapters/simulation/search/actions.js';
export { actionsIn, take } from '../../adapters/simulation/search/actions.js';
export { violationIn } from '../../adapters/simulation/search/invariants.js';
export type { Scenario } from '../../adapters/simulation/search/scenarios.js';
export { SCENARIOS, SETTINGS } from '../../adapters/simulation/search/scenarios.js';
export type { SearchOptions, SearchResult } from '../../adapters/simulation/search/search.js';
export { search, shortestViolation } from '../../adapters/simulation/search/search.js';
export type { Line } from '../../adapters/simulation/search/story.js';
export { scheduleFrom, storySvg, storyText, tell } from '../../adapters/simulation/search/story.js';
export { serviceDaemon } from '../library/memory-daemon.js';
export { memoryHost } from '../platforms/memory-platform.js';
