import { afterEach, expect } from 'vitest';
import { eventually, sandbox } from '../process/support/sandbox.js';
import { type Scenario, stderrPattern } from './scenario.js';
import { Stage } from './stage.js';

const stages: Stage[] = [];
afterEach(() => {
  for (const stage of stages.splice(0)) stage.tearDown();
});

/** Runs a scenario on a real directory, and compares the state afterwards. */
export async function endsAsItShould(
  scenario: Scenario,
  client: readonly [string, ...string[]],
): Promise<void> {
  const stage = new Stage(sandbox(), scenario);
  stages.push(stage);
  await stage.setUp();
  const { code, stderr } = await stage.run(client);
  const { after } = scenario;
  expect(stderr).toMatch(stderrPattern(after.stderr, stage.root, stage.directory));
  expect({ code, spawns: stage.spawns() }).toEqual({ code: after.exit, spawns: after.spawns });
  // The started daemon ends the lock, also if another process took it.
  if (after.lock === 'none') await eventually('the lock is ended', () => !stage.hasLock());
  if (after.lock === 'as-before') expect(stage.hasLock()).toBe(true);
  if (after.entries !== undefined) expect(stage.entries()).toEqual(after.entries);
}
