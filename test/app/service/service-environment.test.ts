import { expect, test } from 'vitest';
import { ownEnvironmentIn } from '../../../src/app/service/service-environment.js';

test.each<[string, string[]]>([
  ["defineService({ name: 'n', environment: ['A', \"B_*\",], run })", ['A', 'B_*']],
  ["defineService({\n  environment: [\n    'A',\n  ],\n})", ['A']],
  ["defineService({ version: '1', environment: ['A[]', 'B'] })", ['A[]', 'B']],
  ['defineService({ environment: [] })', []],
  ["defineService({ run: () => ({ environment: ['A'] }) })", []],
  ['defineService({ environment: NAMES })', []],
  ["environment: ['A']", []],
])('the variables that a service names are read off its text: %j', (text, names) => {
  expect(ownEnvironmentIn(text)).toEqual(names);
});
