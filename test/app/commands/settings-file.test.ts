/** An entry is put into a settings file and taken out again, and every other byte stays. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  EMPTY_SETTINGS,
  hashOf,
  merge,
  type SettingsTrace,
  type SettingsUndo,
  undo,
} from '../../../src/app/commands/install/settings-file.js';

const VALUE = { type: 'command', command: '/bin/x' };

interface Merged {
  readonly text: string;
  readonly trace: SettingsTrace;
}

function merged(text: string, entry: readonly string[], value: unknown = VALUE): Merged {
  const done = merge(text, entry, value);
  if (done.kind === 'refused') throw new Error(`refused: ${JSON.stringify(done.refusal)}`);
  const { previous, depth } = done;
  const trace = {
    entry,
    depth,
    value: JSON.stringify(value),
    before: hashOf(text),
    after: hashOf(done.text),
  };
  return { text: done.text, trace: previous === undefined ? trace : { ...trace, previous } };
}

function rewritten(done: SettingsUndo): string {
  if (done.kind !== 'rewritten') throw new Error(`not rewritten but ${done.kind}`);
  return done.text;
}

describe('a new entry has the layout of its surroundings', () => {
  it.each([
    ['{}', '{\n  "a": {\n    "b": 1\n  }\n}'],
    [EMPTY_SETTINGS, '{\n  "a": {\n    "b": 1\n  }\n}\n'],
    ['{\n}\n', '{\n  "a": {\n    "b": 1\n  }\n}\n'],
    ['{"x":1}', '{"x":1,"a":{"b":1}}'],
    ['{"x": 1}', '{"x": 1, "a": {"b":1}}'],
    ['{"x":{}}\n', '{"x":{},"a":{"b":1}}\n'],
    ['{\n    "x" : [1,2 ]\n}', '{\n    "x" : [1,2 ],\n    "a": {\n        "b": 1\n    }\n}'],
    ['{\r\n\t"x": 1\r\n}\r\n', '{\r\n\t"x": 1,\r\n\t"a": {\r\n\t\t"b": 1\r\n\t}\r\n}\r\n'],
    ['{\n  "x": 1, "y": 2\n}', '{\n  "x": 1, "y": 2,\n  "a": {\n    "b": 1\n  }\n}'],
    ['{ "a" : 7 , "x":1}', '{ "a" : {"b":1} , "x":1}'],
    ['{\n  "a": 7,\n  "x": 1\n}', '{\n  "a": {\n    "b": 1\n  },\n  "x": 1\n}'],
    ['{"a": {\n "b":1} }', '{"a": {\n "b":1} }'],
  ])('%j: %j', (before, after) => {
    expect(merged(before, ['a'], { b: 1 }).text).toBe(after);
  });

  it.each([
    ['{\n  "x": {}\n}', '{\n  "x": {\n    "y": {\n      "z": 1\n    }\n  }\n}'],
    ['{"x":{}}', '{"x":{"y": {"z":1}}}'],
    ['{\n  "x": {\n    "w": 0\n  }\n}', '{\n  "x": {\n    "w": 0,\n    "y": {\n      "z": 1\n    }\n  }\n}'],
  ])('below other keys: %j: %j', (before, after) => {
    expect(merged(before, ['x', 'y', 'z'], 1).text).toBe(after);
  });
});

describe('a file that can not be edited is refused, with the place', () => {
  it.each([
    ['', 'no-json', undefined, 1, 1],
    ['{"a":1,}', 'no-json', undefined, 1, 8],
    ['{\n  // why\n  "a": 1\n}', 'no-json', undefined, 2, 3],
    ['\uFEFF{}', 'no-json', undefined, 1, 1],
    ['{"a":1', 'no-json', undefined, 1, 7],
    ['{\r\n"x": 01}', 'no-json', undefined, 2, 7],
    ['[]', 'no-object', undefined, 1, 1],
    ['null', 'no-object', undefined, 1, 1],
    ['{\n"s": [1]}', 'no-object', 's', 2, 6],
    ['{"s": null}', 'no-object', 's', 1, 7],
    ['{"s": {}, "s": {}}', 'key-twice', 's', 1, 11],
    ['{"s": {"t": 1, "t": 2}}', 'key-twice', 't', 1, 16],
  ])('%j: %s', (text, why, key, line, column) => {
    expect(merge(text, ['s', 't'], 1)).toEqual({ kind: 'refused', refusal: { why, key, line, column } });
  });

  it.each([
    ['of any depth that a person writes', 400, 'merged'],
    ['but not of one that no parser gets through', 100_000, 'refused'],
  ])('%s', (_, depth, kind) => {
    expect(merge(`{"x":${'['.repeat(depth)}${']'.repeat(depth)}}`, ['s'], 1).kind).toBe(kind);
  });

  it('other keys may occur twice', () => {
    expect(merge('{"x":1,"x":2}', ['s'], 1)).toMatchObject({ kind: 'merged', text: '{"x":1,"x":2,"s":1}' });
  });
});

describe('taking an entry out', () => {
  it('removes only the entry if something else was changed', () => {
    const { text, trace } = merged('{\n  "x": 1\n}\n', ['s']);
    const edited = text.replace('"x": 1', '"x": 2, "y": [ ]');
    expect(undo(trace, edited, '{\n  "x": 1\n}\n')).toEqual({
      kind: 'rewritten',
      text: '{\n  "x": 2, "y": [ ]\n}\n',
    });
  });

  it('keeps the indentation of the first of several keys', () => {
    const { trace } = merged('{}', ['s'], 1);
    expect(rewritten(undo(trace, '{\n  "s": 1,\n  "x": 2\n}', '{}'))).toBe('{\n  "x": 2\n}');
  });

  it('removes the objects that were made for it, unless they are in use', () => {
    const { text, trace } = merged('{"x":1}', ['s', 't', 'u'], 1);
    expect(rewritten(undo(trace, `${text}\n`, undefined))).toBe('{"x":1}\n');
    const used = text.replace('"t":', '"mine":2,"t":');
    expect(rewritten(undo(trace, used, undefined))).toBe('{"x":1,"s":{"mine":2}}');
    const { trace: shallow, text: other } = merged('{"s":{}}', ['s', 't'], 1);
    expect(rewritten(undo(shallow, `${other} `, undefined))).toBe('{"s":{}} ');
  });

  it('restores the previous value as it was written', () => {
    const { text, trace } = merged('{"s":  [ 1,2 ] , "x":1}', ['s']);
    expect(rewritten(undo(trace, `${text}\n`, undefined))).toBe('{"s":  [ 1,2 ] , "x":1}\n');
  });

  it.each([
    ['{"s":{"type":"command","command":"/bin/y"}}', 'left'],
    ['{"s":{"command":"/bin/x","type":"command"} }', 'rewritten'],
    ['{"x":1 }', 'untouched'],
    ['{}', 'untouched'],
    ['[]', 'untouched'],
    ['{"s":1,"s":2}', 'refused'],
    ['{"s":', 'refused'],
  ])('from %j: %s', (current, kind) => {
    const { trace } = merged('{}', ['s']);
    expect(undo(trace, current, '{}').kind).toBe(kind);
  });

  it('changes nothing if the previous value is back, or the file is gone', () => {
    const { trace } = merged('{"s":1}', ['s']);
    expect(undo(trace, '{ "s": 1 }', undefined).kind).toBe('untouched');
    expect(undo(trace, undefined, '{"s":1}').kind).toBe('untouched');
  });

  it('removes a file that was made for the entry and not changed since', () => {
    const { text, trace } = merged(EMPTY_SETTINGS, ['s']);
    const made = { ...trace, before: null };
    expect(undo(made, text, undefined)).toEqual({ kind: 'deleted' });
    expect(undo(made, text.replace('{', '{\n  "x": 1,'), undefined).kind).toBe('rewritten');
  });

  it('does not restore a backup with another text', () => {
    const { text, trace } = merged('{"x":1}', ['s']);
    expect(undo(trace, text, '{"x":666}')).toEqual({ kind: 'rewritten', text: '{"x":1}' });
  });
});

/** Any object, written in any way that JSON allows. */
const KEYS = ['a', 's', 't', '', '__proto__', 'toString', '"', '\\', '\n', 'ä', '\u2028', '1'];
const key = fc.oneof(fc.constantFrom(...KEYS), fc.string());
const space = fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\r\n', '\r'), maxLength: 3 });
const plain = fc.oneof(
  fc.constantFrom('null', 'true', '-0', '1e5', '0.10', '"\\u0041/\\/"'),
  fc.string().map((text) => JSON.stringify(text)),
);
const json = fc.letrec<{ value: string; object: string }>((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, plain, tie('object'), arrayOf(tie('value'))),
  object: fc
    .uniqueArray(fc.tuple(key, tie('value'), space, space), { selector: ([name]) => name, maxLength: 4 })
    .chain((properties) => space.map((inner) => `{${inner}${properties.map(propertyOf).join(',')}}`)),
}));

function arrayOf(value: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(fc.array(value, { maxLength: 3 }), space)
    .map(([all, gap]) => `[${gap}${all.join(`${gap},`)}]`);
}

const propertyOf = ([name, value, one, other]: readonly [string, string, string, string]): string =>
  `${one}${JSON.stringify(name)}${other}:${one}${value}${other}`;

const settings = fc.tuple(space, json.object, space).map((parts) => parts.join(''));
const entry = fc.array(fc.constantFrom('s', 't', 'a', '', '__proto__', '1'), { minLength: 1, maxLength: 3 });

describe('any settings', () => {
  it('the entry is put in, and nothing else changes; taken out, every byte is as before', () => {
    fc.assert(
      fc.property(settings, entry, fc.jsonValue(), (text, path, value) => {
        const done = merge(text, path, value);
        if (done.kind === 'refused') {
          expect(done.refusal.why).toBe('no-object');
          return;
        }
        const { text: after, trace } = merged(text, path, value);
        expect(untouchedIn(text, after)).toBeGreaterThanOrEqual(text.length - (trace.previous?.length ?? 0));
        expect(valueAt(JSON.parse(after), path)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(rewrittenOr(text, undo(trace, after, text))).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it('a new key of another program stays wherever it is, and the entry is removed', () => {
    fc.assert(
      fc.property(settings, entry, plain, fc.boolean(), (text, path, value, isFirst) => {
        if (merge(text, path, VALUE).kind === 'refused') return;
        const { text: after, trace } = merged(text, path);
        const edited = isFirst ? withFirst(after, value) : withLast(after, value);
        const result = JSON.parse(rewritten(undo(trace, edited, text)));
        const expected = { ...JSON.parse(text), 'somebody else': JSON.parse(value) };
        expect(result).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });
});

function valueAt(root: unknown, path: readonly string[]): unknown {
  return path.reduce(
    (at: unknown, name) => Object.entries(at as object).find(([own]) => own === name)?.[1],
    root,
  );
}

/** How many characters of the one stand at the other's begin and end. */
function untouchedIn(one: string, other: string): number {
  let begin = 0;
  while (begin < one.length && one[begin] === other[begin]) begin += 1;
  let end = 0;
  while (end < one.length - begin && one.at(-1 - end) === other.at(-1 - end)) end += 1;
  return begin + end;
}

const rewrittenOr = (text: string, done: SettingsUndo): string =>
  done.kind === 'untouched' ? text : rewritten(done);

const withFirst = (text: string, value: string): string =>
  text.replace('{', () => `{"somebody else" : ${value}${/^\s*\{\s*\}/.test(text) ? '' : ','}`);

const withLast = (text: string, value: string): string =>
  text.replace(/\s*\}\s*$/, (end) => `,"somebody else":${value}${end}`);
