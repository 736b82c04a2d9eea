/** Identities of processes, the files that hold them, and what the process table says. */

import { describe, expect, it } from 'vitest';
import {
  type Identity,
  identityFrom,
  type Vitality,
  vitalityOf,
} from '../../../src/domain/evidence/identity.js';
import { parseJson } from '../../../src/domain/evidence/json.js';
import { type Owner, ownerText, parseOwner } from '../../../src/domain/evidence/owner.js';
import { childText } from '../../../src/domain/lock/held-lock.js';
import { parseRecord, recordText } from '../../../src/domain/lock/spawn-lock.js';
import type { ProcessReading } from '../../../src/ports/process-table.js';

const WHO: Identity = { pid: 7, startTime: '100', bootId: 'boot', pidNamespace: 'pid:[1]' };
const present = (
  startTime: string,
  activity: 'running' | 'stopped' | 'zombie' = 'running',
): ProcessReading => ({
  kind: 'present',
  startTime,
  activity,
});
const GONE: ProcessReading = { kind: 'gone' };
const HIDDEN: ProcessReading = { kind: 'hidden', cause: { code: 'EPERM', message: '' } };

describe('whether a process lives', () => {
  interface Case {
    readonly what: string;
    readonly who?: Partial<Identity>;
    readonly self?: Partial<Identity>;
    readonly reading: ProcessReading;
    readonly vitality: Vitality;
  }
  const CASES: readonly Case[] = [
    { what: 'it runs', reading: present('100'), vitality: 'alive' },
    { what: 'it is stopped', reading: present('100', 'stopped'), vitality: 'alive' },
    { what: 'it is a zombie', reading: present('100', 'zombie'), vitality: 'dead' },
    { what: 'it is gone', reading: GONE, vitality: 'dead' },
    { what: 'it can’t be seen', reading: HIDDEN, vitality: 'unknown' },
    { what: 'its id is another’s by now', reading: present('101'), vitality: 'dead' },
    {
      what: 'when it started is not on record',
      who: { startTime: '' },
      reading: present('100'),
      vitality: 'unknown',
    },
    { what: 'when it started can’t be seen', reading: present(''), vitality: 'unknown' },
    {
      what: 'a zombie of which nothing else is known',
      who: { startTime: '' },
      reading: present('', 'zombie'),
      vitality: 'dead',
    },
    { what: 'it is from another boot', who: { bootId: 'before' }, reading: present('100'), vitality: 'dead' },
    { what: 'its boot is not on record', who: { bootId: '' }, reading: present('100'), vitality: 'alive' },
    { what: 'the boot can’t be seen', self: { bootId: '' }, reading: present('100'), vitality: 'alive' },
    {
      what: 'it is from another pid namespace',
      who: { pidNamespace: 'pid:[2]' },
      reading: present('100'),
      vitality: 'unknown',
    },
    {
      what: 'it is gone here, and from another pid namespace',
      who: { pidNamespace: 'pid:[2]' },
      reading: GONE,
      vitality: 'unknown',
    },
    {
      what: 'it is from another boot, and another pid namespace',
      who: { bootId: 'before', pidNamespace: 'pid:[2]' },
      reading: present('100'),
      vitality: 'dead',
    },
    {
      what: 'its pid namespace is not on record',
      who: { pidNamespace: '' },
      reading: GONE,
      vitality: 'unknown',
    },
    {
      what: 'nobody knows of pid namespaces',
      who: { pidNamespace: '' },
      self: { pidNamespace: '' },
      reading: GONE,
      vitality: 'dead',
    },
  ];

  it.each(CASES)('$what: $vitality', ({ who, self, reading, vitality }) => {
    expect(vitalityOf({ ...WHO, ...who }, { ...WHO, pid: 8, startTime: '200', ...self }, reading)).toBe(
      vitality,
    );
  });
});

const GARBAGE: readonly unknown[] = [
  undefined,
  null,
  0,
  7,
  true,
  '',
  'text',
  [],
  [7],
  {},
  { ...WHO, pid: undefined },
  { ...WHO, pid: '7' },
  { ...WHO, pid: 0 },
  { ...WHO, pid: -7 },
  { ...WHO, pid: 7.5 },
  { ...WHO, pid: Number.NaN },
  { ...WHO, pid: 2 ** 53 },
  { ...WHO, startTime: undefined },
  { ...WHO, startTime: 100 },
  { ...WHO, bootId: null },
  { ...WHO, pidNamespace: {} },
];

const TEXTS = [
  '',
  '\0',
  '{',
  '}',
  'null',
  '[]',
  '"',
  'undefined',
  'NaN',
  '{"pid":7',
  '\ufeff{}',
  '1e999',
  '{"__proto__":null}',
];

describe('an identity on disk', () => {
  it.each(GARBAGE.map((value) => [value]))('is not made of %j', (value) => {
    expect(identityFrom(value)).toBeUndefined();
  });

  it('is read without additional fields', () => {
    expect(identityFrom({ ...WHO, more: 1 })).toEqual(WHO);
    expect(identityFrom({ ...WHO, startTime: '', bootId: '', pidNamespace: '' })).toMatchObject({ pid: 7 });
  });
});

describe('JSON of another process', () => {
  it.each(['{', '', 'undefined', '{"a":1}x', '\0'])('is undefined if it is not valid: %j', (text) => {
    expect(parseJson(text)).toBeUndefined();
  });

  it('is parsed as it is', () => {
    expect([parseJson('null'), parseJson('{"a":[1]}\n')]).toEqual([null, { a: [1] }]);
  });
});

describe('an owner file', () => {
  const OWNER: Owner = {
    ...WHO,
    name: 'name',
    service: '/s.mjs',
    startedMs: 5,
    solod: '1.2.3',
    version: '4.5.6',
    wire: 1,
  };

  it('is read as it was written, one line', () => {
    expect(parseOwner(ownerText(OWNER))).toEqual(OWNER);
    expect(ownerText(OWNER)).toMatch(/^[^\n]+\n$/);
    const odd = { ...OWNER, name: 'a"b\n', service: '\u2028ä' };
    expect(parseOwner(ownerText(odd))).toEqual(odd);
  });

  it.each([...TEXTS, ...GARBAGE.map((value) => JSON.stringify(value) ?? '')])('is not %j', (text) => {
    expect(parseOwner(text)).toBeUndefined();
  });

  it('says that a supervisor has handed over the listener, if one has', () => {
    expect(parseOwner(ownerText({ ...OWNER, activated: true }))).toEqual({ ...OWNER, activated: true });
    expect(parseOwner(JSON.stringify({ ...OWNER, activated: 'yes' }))).toEqual(OWNER);
  });

  it('of another release is still an owner, with empty values for missing fields', () => {
    expect(parseOwner(JSON.stringify(WHO))).toEqual({
      ...WHO,
      name: '',
      service: '',
      startedMs: 0,
      solod: '',
      version: '',
      wire: 0,
    });
    const odd = { ...WHO, name: 1, service: null, startedMs: '5', solod: {}, future: true };
    expect(parseOwner(JSON.stringify(odd))).toEqual({
      ...WHO,
      name: '',
      service: '',
      startedMs: 0,
      solod: '',
      version: '',
      wire: 0,
    });
  });
});

describe('a lock record', () => {
  const plan = { directory: '/d', nonce: '7-abc', holder: WHO, readyMs: 1_500 };
  const child = { ...WHO, pid: 9, startTime: '300' };

  it('is read as it was written, with the child once it is noted', () => {
    const record = { nonce: '7-abc', holder: WHO, wallMs: 17, readyMs: 1_500, child: undefined };
    expect(parseRecord('7-abc', recordText(plan, 17))).toEqual(record);
    expect(parseRecord('7-abc', recordText(plan, 17) + childText(child))).toEqual({ ...record, child });
  });

  it.each(TEXTS)('with a torn or foreign second line (%j) has no child', (text) => {
    expect(parseRecord('7-abc', recordText(plan, 17) + text)).toMatchObject({
      holder: WHO,
      child: undefined,
    });
  });

  it.each([...TEXTS, ...GARBAGE.map((value) => JSON.stringify(value) ?? '')])('is not %j', (text) => {
    expect(parseRecord('7-abc', text)).toBeUndefined();
  });

  it.each(['wallMs', 'readyMs', 'nonce', 'pid', 'bootId'])('needs its %s', (key) => {
    const value = JSON.parse(recordText(plan, 17)) as Record<string, unknown>;
    expect(parseRecord('7-abc', JSON.stringify({ ...value, [key]: undefined }))).toBeUndefined();
    expect(parseRecord('7-abc', JSON.stringify({ ...value, [key]: [] }))).toBeUndefined();
  });

  it('with a nonce that differs from its file’s name is invalid', () => {
    expect(parseRecord('8-abc', recordText(plan, 17))).toBeUndefined();
  });
});
