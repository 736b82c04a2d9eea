/** The command on Node runs the scenarios on real directories. */

import { describe, expect, it } from 'vitest';
import { SOLOD } from '../process/support/sandbox.js';
import { endsAsItShould } from './run-on-disk.js';
import { scenarios, scenariosFor } from './scenario.js';

describe('on Node', () => {
  it.each(scenariosFor('node'))('$name', (scenario) => endsAsItShould(scenario, [process.execPath, SOLOD]));
});

describe('the scenarios', () => {
  it('are many, and at least one runner runs each of them', () => {
    expect(scenarios.length).toBeGreaterThan(100);
    for (const runner of ['memory', 'node', 'native'] as const)
      expect(scenariosFor(runner).length).toBeGreaterThan(100);
    expect(scenarios.filter(({ not = {} }) => Object.keys(not).length > 2)).toEqual([]);
  });
});
