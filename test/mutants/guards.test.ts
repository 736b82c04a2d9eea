/** The list of guards matches the sources. `npm run mutants` checks that a test catches each mutant. */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { GUARDS } from './guards.js';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

/** Files without guards: they only name things, make texts, or pass values on. */
const WITHOUT_GUARDS = [
  'doctor/clock-checks',
  'doctor/daemon-checks',
  'doctor/directory-checks',
  'doctor/finding-parts',
  'doctor/findings',
  'doctor/leftover-checks',
  'doctor/place-checks',
  'doctor/runtime-checks',
  'doctor/share-checks',
  'doctor/storage-checks',
  'doctor/trial-checks',
  'failure',
  'procedure/cause',
  'procedure/procedure',
  'procedure/run',
  'text/distrust-text',
  'text/error-code',
  'share/messages/message-fields',
  'share/messages/protocol-words',
  'share/messages/rpc-lines',
  'share/messages/share-errors',
  'share/messages/share-limits',
  'share/broker/share-machine',
  'share/broker/share-state',
  'share/key/stateful-servers',
  'text/escape-xml',
  'text/speaker',
];

describe('the list of guards', () => {
  it.each(GUARDS)('$id: the snippet occurs once, and the mutant differs', ({ file, find, replace }) => {
    expect(read(file).split(find)).toHaveLength(2);
    expect(replace).not.toBe(find);
  });

  it('has no mutant twice, and an id for each', () => {
    const mutants = GUARDS.map(({ file, find, replace }) => JSON.stringify([file, find, replace]));
    expect(new Set(mutants).size).toBe(GUARDS.length);
    expect(new Set(GUARDS.map(({ id }) => id)).size).toBe(GUARDS.length);
  });

  it('has guards of every file of the domain, except the listed ones', () => {
    const names = readdirSync(path.join(root, 'src/domain'), { recursive: true }) as string[];
    const files = names.filter((name) => name.endsWith('.ts'));
    const guarded = files.filter((name) => GUARDS.some(({ file }) => file === `src/domain/${name}`));
    expect([...guarded, ...WITHOUT_GUARDS.map((name) => `${name}.ts`)].sort()).toEqual(files.sort());
  });
});
