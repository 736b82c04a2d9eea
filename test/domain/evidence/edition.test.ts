/** Which of two editions is the later one, and what a daemon does about it. */

import { describe, expect, it } from 'vitest';
import {
  type Caller,
  type Content,
  callerText,
  editionKey,
  judgeCaller,
  parseCaller,
  wantsKept,
  wantsRepeat,
} from '../../../src/domain/evidence/edition.js';

const OWN: Caller = { wire: 1, version: '1.2.3', path: '/a.mjs', size: 10, modifiedMs: 100 };

const judge = (caller: Partial<Caller>, content: Content = 'different') =>
  judgeCaller(OWN, { ...OWN, ...caller }, () => content).kind;

describe('what a caller asks of a connection', () => {
  it('is read off its text without parsing it', () => {
    const plain = callerText(OWN);
    expect([wantsKept(plain), wantsRepeat(plain)]).toEqual([false, false]);
    const keeping = callerText({ ...OWN, keep: true });
    expect([wantsKept(keeping), wantsRepeat(keeping)]).toEqual([true, false]);
    const repeating = callerText({ ...OWN, keep: true, repeat: true });
    expect([wantsKept(repeating), wantsRepeat(repeating)]).toEqual([true, true]);
    const quoting = callerText({ ...OWN, version: '"keep":true,"repeat":true' });
    expect([wantsKept(quoting), wantsRepeat(quoting)]).toEqual([false, false]);
  });
});

describe('a caller', () => {
  it('of the same edition is served without reading a file', () => {
    let reads = 0;
    const content = (): Content => {
      reads += 1;
      return 'same';
    };
    expect([judgeCaller(OWN, OWN, content).kind, reads]).toEqual(['served', 0]);
  });

  it.each<[string, Partial<Caller>, Content, string]>([
    ['of a newer wire', { wire: 2, version: '0.1.0' }, 'same', 'newer'],
    ['of an older wire', { wire: 0, version: '9.0.0' }, 'different', 'outdated'],
    ['of a newer version', { version: '1.3.0' }, 'same', 'newer'],
    ['of an older version', { version: '1.2.2', modifiedMs: 900, path: '/b.mjs' }, 'different', 'served'],
    ['without a version', { version: '' }, 'different', 'served'],
    ['whose file has changed in its place', { modifiedMs: 50, size: 11 }, 'different', 'newer'],
    ['whose file was only touched', { modifiedMs: 500 }, 'same', 'served'],
    ['whose file can’t be read here', { modifiedMs: 500 }, 'unknown', 'served'],
    ['of another file that is later', { path: '/b.mjs', modifiedMs: 101 }, 'different', 'newer'],
    ['of another file that is earlier', { path: '/b.mjs', modifiedMs: 99 }, 'different', 'served'],
    ['of another file of the same time', { path: '/b.mjs' }, 'different', 'served'],
    ['of another file with the same content', { path: '/b.mjs', modifiedMs: 101 }, 'same', 'served'],
  ])('%s', (_, caller, content, kind) => {
    expect(judge(caller, content)).toBe(kind);
  });

  it.each<[Partial<Caller>, string]>([
    [{ wire: 2 }, 'wire 2 is asked for, this is 1'],
    [{ version: '1.3.0' }, 'version 1.3.0 is asked for, this is 1.2.3'],
    [{ modifiedMs: 500 }, '/a.mjs has changed'],
    [{ path: '/b.mjs', modifiedMs: 101 }, '/b.mjs is later than /a.mjs'],
  ])('that is newer gets a reason in words: %j', (caller, why) => {
    expect(judgeCaller(OWN, { ...OWN, ...caller }, () => 'different')).toEqual({ kind: 'newer', why });
  });

  it('that has a version is newer than a daemon without one', () => {
    expect(judgeCaller({ ...OWN, version: '' }, OWN, () => 'same')).toEqual({
      kind: 'newer',
      why: 'version 1.2.3 is asked for, this is none',
    });
  });

  it('that makes a daemon retire can’t be made to retire by that daemon: two builds do not alternate', () => {
    const callers: Caller[] = [];
    for (const wire of [1, 2])
      for (const version of ['', '1.0.0', '1.1.0'])
        for (const path of ['/a', '/b'])
          for (const modifiedMs of [1, 2]) callers.push({ wire, version, path, size: 1, modifiedMs });
    for (const a of callers)
      for (const b of callers) {
        // One path holds one content at a time: no caller asks for the earlier one any more.
        if (a.path === b.path && a.version === b.version) continue;
        const both = [judgeCaller(a, b, () => 'different').kind, judgeCaller(b, a, () => 'different').kind];
        expect(both.filter((kind) => kind === 'newer').length).toBeLessThanOrEqual(1);
      }
  });
});

describe('what a caller says of itself', () => {
  it('is read as it was written', () => {
    expect(parseCaller(callerText(OWN))).toEqual(OWN);
    const told = { ...OWN, waitedMs: 3.5, spawned: true };
    expect(parseCaller(callerText(told))).toEqual(told);
  });

  it.each([
    '',
    '{',
    'null',
    '7',
    '{}',
    '{"wire":1}',
    '{"wire":"1","version":"","path":"","size":1,"modifiedMs":1}',
  ])('is not %j', (text) => {
    expect(parseCaller(text)).toBeUndefined();
  });

  it.each(['version', 'path', 'size', 'modifiedMs'])('is invalid without its %s', (name) => {
    expect(parseCaller(JSON.stringify({ ...OWN, [name]: undefined }))).toBeUndefined();
  });

  it('has a key that changes with each of its parts', () => {
    const changes = [{}, { version: '2' }, { path: '/b' }, { size: 11 }, { modifiedMs: 101 }];
    expect(new Set(changes.map((change) => editionKey({ ...OWN, ...change }))).size).toBe(changes.length);
  });
});

it.each([-1, '3', null, true])('a caller that waited for %j counts as one that did not wait', (waitedMs) => {
  expect(parseCaller(JSON.stringify({ ...OWN, waitedMs, spawned: 'yes' }))).toEqual(OWN);
});
