/** What doctor says of a broker, its servers, and what sessions cost. */

import { expect, it } from 'vitest';
import { type ClientReading, symptomsOfShare } from '../../../src/domain/doctor/share-checks.js';
import { kinds } from './kinds.js';

const NATIVE: ClientReading = { kind: 'native' };
const look = (broker: 'there' | 'gone', servers: readonly number[], client: ClientReading = NATIVE) =>
  symptomsOfShare({ directory: '/d', broker, servers, client });

it('a broker and its servers are well; servers without their broker are named', () => {
  expect(look('there', [7])).toEqual([{ kind: 'shared-servers', directory: '/d', servers: [7] }]);
  expect(kinds(look('there', []))).toEqual(['shared-servers']);
  expect(look('gone', [7, 8])).toEqual([{ kind: 'servers-left', directory: '/d', servers: [7, 8] }]);
  expect(look('gone', [])).toEqual([]);
});

it('sessions that take the memory of a Node are told where there is a broker for them', () => {
  const missing: ClientReading = { kind: 'missing', package: '@solod/client-linux-x64' };
  const old: ClientReading = { kind: 'not-handed-over', node: '20.19.0' };
  expect(kinds(look('there', [], missing))).toEqual(['shared-servers', 'sessions-in-node']);
  expect(kinds(look('there', [], old))).toEqual(['shared-servers', 'sessions-not-native']);
  expect(kinds(look('there', [], { kind: 'not-for-here' }))).toEqual(['shared-servers']);
  expect(look('gone', [], missing)).toEqual([]);
});
