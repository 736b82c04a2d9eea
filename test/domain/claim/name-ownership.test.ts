/** A daemon notices that it has lost its name. A failed look does not count as a loss. */

import { describe, expect, it } from 'vitest';
import { checkOwnership } from '../../../src/domain/claim/name-ownership.js';
import type { Reading } from '../../../src/domain/procedure/procedure.js';

const PLAN = { directory: '/n', generation: 3, ownerText: '{"pid":7}\n' };
const CURRENT: Reading = { kind: 'target', target: '3' };
const OWNER: Reading = { kind: 'text', text: PLAN.ownerText };
const ENTRY = { userId: 1, mode: 0o1600, modifiedMs: 0 };
const SOCKET: Reading = { kind: 'entry', entry: { ...ENTRY, type: 'socket' } };
const FAILED: Reading = { kind: 'failed', cause: { code: 'EMFILE', message: 'too many open files' } };

function examine(...readings: Reading[]): { readonly asked: string[]; readonly outcome: unknown } {
  const asked: string[] = [];
  const told = [...readings];
  const procedure = checkOwnership(PLAN);
  let said = procedure.next();
  while (said.done !== true) {
    const { value } = said;
    if (value.kind === 'call') asked.push(`${value.method} ${value.args[0]}`);
    said = procedure.next(value.kind === 'call' ? (told.shift() ?? FAILED) : undefined);
  }
  return { asked, outcome: said.value };
}

describe('the name of a daemon', () => {
  it('is held while current, owner file and socket are its own', () => {
    expect(examine(CURRENT, OWNER, SOCKET)).toEqual({
      asked: ['readLink /n/current', 'readText /n/3/owner.json', 'inspect /n/3/sock'],
      outcome: { kind: 'held' },
    });
  });

  it.each<[string, Reading[], string]>([
    ['current is gone', [{ kind: 'absent' }], '/n/current'],
    ['current is not a link', [{ kind: 'wrong-type' }], '/n/current'],
    ['current names another', [{ kind: 'target', target: '4' }], '/n/current'],
    ['the generation is gone', [CURRENT, { kind: 'absent' }], '/n/3/owner.json'],
    [
      'the generation belongs to another process',
      [CURRENT, { kind: 'text', text: '{"pid":8}\n' }],
      '/n/3/owner.json',
    ],
    ['the socket is gone', [CURRENT, OWNER, { kind: 'absent' }], '/n/3/sock'],
    [
      'the socket is a file',
      [CURRENT, OWNER, { kind: 'entry', entry: { ...ENTRY, type: 'file' } }],
      '/n/3/sock',
    ],
  ])('is lost where %s', (_, readings, path) => {
    expect(examine(...readings).outcome).toEqual({ kind: 'lost', path });
  });

  it.each<[string, Reading[]]>([
    ['current', [FAILED, OWNER, SOCKET]],
    ['the owner file', [CURRENT, FAILED, SOCKET]],
    ['the socket', [CURRENT, OWNER, FAILED]],
  ])('is not lost because %s can’t be read', (_, readings) => {
    expect(examine(...readings).outcome).toEqual({ kind: 'held' });
  });
});
