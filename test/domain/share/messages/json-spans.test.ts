import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  asciiJson,
  decodeUtf8,
  itemsOf,
  lastOf,
  membersOf,
  replaceIn,
  sliceOf,
} from '../../../../src/domain/share/messages/json-spans.js';
import {
  idOfCut,
  readMessage,
  readStrictly,
  valueKey,
} from '../../../../src/domain/share/messages/rpc-message.js';

const bytesOf = (text: string): string => Buffer.from(text).toString('latin1');

/** Any JSON, with white space anywhere. */
const spaced = fc.json().chain((json) =>
  fc.array(fc.constantFrom('', ' ', '\t', '\n'), { minLength: 8, maxLength: 8 }).map((spaces) => {
    let n = 0;
    // Outside strings alone.
    return json.replace(/"(?:[^"\\]|\\.)*"|[[\]{},:]/g, (token) =>
      token.startsWith('"') ? token : `${spaces[n++ % 8]}${token}${spaces[n++ % 8]}`,
    );
  }),
);

describe('the members of an object', () => {
  it('are those that JSON.parse finds, wherever white space is', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), spaced), (dictionary) => {
        const text = bytesOf(
          `{ ${Object.entries(dictionary)
            .map(([name, value]) => `${JSON.stringify(name)} :${value}`)
            .join(' , ')}}`,
        );
        const members = membersOf(text);
        expect(members?.state).toBe('whole');
        expect(members?.end).toBe(text.length);
        const found = members?.list.map(({ name, value }) => [name, JSON.parse(utf8(sliceOf(text, value)))]);
        expect(found).toEqual(Object.entries(dictionary).map(([name, value]) => [name, JSON.parse(value)]));
      }),
    );
  });

  it('nothing but what is replaced changes', () => {
    fc.assert(
      fc.property(spaced, spaced, spaced, (before, value, after) => {
        const text = bytesOf(`{"a":${before},"id":${value},"b":${after}}`);
        const at = lastOf(membersOf(text), 'id');
        if (at === undefined) throw new Error('no id');
        expect(JSON.parse(utf8(sliceOf(text, at)))).toEqual(JSON.parse(value));
        const replaced = replaceIn(text, [{ at, by: '7' }]);
        expect(replaced).toBe(`${text.slice(0, at.from)}7${text.slice(at.to)}`);
        expect(JSON.parse(utf8(replaced)).id).toBe(7);
      }),
    );
  });

  it.each([
    ['{', 'cut'],
    ['{"a', 'cut'],
    ['{"a":', 'cut'],
    ['{"a":1', 'cut'],
    ['{"a":"x\\"', 'cut'],
    ['{"a":{"b":[}', 'cut'],
    ['{"a" 1}', 'cut'],
    ['{"a":1,}', 'cut'],
    ['{}', 'whole'],
    ['{"a":"\\\\"}', 'whole'],
  ])('%s is %s', (text, state) => {
    expect(membersOf(text)?.state).toBe(state);
  });

  it.each(['[]', '1', '', '"x"', 'null'])('%s is not an object', (text) => {
    expect(membersOf(text)).toBeUndefined();
  });
});

function utf8(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

it('the items of a list are those that JSON.parse finds', () => {
  fc.assert(
    fc.property(fc.array(spaced), (values) => {
      const text = bytesOf(` [ ${values.join(' , ')}]`);
      expect(itemsOf(text)?.map((span) => JSON.parse(utf8(sliceOf(text, span))))).toEqual(
        values.map((value) => JSON.parse(value)),
      );
    }),
  );
});

it('text goes into ASCII and means the same, and bytes come back as text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(JSON.parse(asciiJson(text))).toBe(text);
      expect(asciiJson(text)).toMatch(/^[\x20-\x7e]*$/);
      expect(decodeUtf8(bytesOf(text))).toBe(text);
    }),
  );
  expect(decodeUtf8('\xff%')).toBe('\xff%');
});

it('a quotation mark behind a backslash ends no string', () => {
  const text = '{"a":"\\"","b":"\\\\","id":7}';
  expect(membersOf(text)?.list.map(({ name }) => name)).toEqual(['a', 'b', 'id']);
});

it('own text is ASCII', () => {
  expect(asciiJson('é"\u{1f600}')).toBe('"\\u00e9\\"\\ud83d\\ude00"');
});

describe('ids', () => {
  it.each([
    ['1', '1.0'],
    ['1', '1e0'],
    ['"a"', '"\\u0061"'],
    [bytesOf('"é"'), '"\\u00e9"'],
    ['0', '-0'],
  ])('%s and %s are the same', (one, other) => {
    expect(valueKey(one)).toBe(valueKey(other));
  });

  it.each([
    ['1', '"1"'],
    ['9007199254740993', '9007199254740992'],
    ['""', '0'],
    ['"a"', '"A"'],
  ])('%s and %s are not', (one, other) => {
    expect(valueKey(one)).not.toBe(valueKey(other));
  });

  it.each([
    ['{"jsonrpc":"2.0","id":5,"params":{"x":"', 'xx"}}', '5'],
    ['{"params":{"id":4,"x":"', 'xx"},"jsonrpc":"2.0","id":"a}" } ', '"a}"'],
    ['{"params":{"x":"', 'xx","id":5}}', undefined],
    ['{"params":{"x":"', 'xx\\"id":5}', undefined],
    ['{"params":{"x":"', 'xx"},"id":null}', undefined],
  ])('of a message that begins %s and ends %s', (head, tail, id) => {
    expect(idOfCut(head, tail)).toBe(id);
  });
});

describe('messages', () => {
  it.each([
    ['{"id":1,"method":"a"}', 'request'],
    ['{"method":"a"}', 'notification'],
    ['{"id":1,"result":{}}', 'response'],
    ['{"id":1,"error":{}}', 'response'],
    ['[{"id":1}]', 'batch'],
    [' \t\r', 'blank'],
    ['hello', 'junk'],
    ['{"id":1', 'junk'],
    ['{"id":1} x', 'junk'],
    ['{"id":1,"result":{},"error":{}}', 'invalid'],
    ['{"id":null,"method":"a"}', 'invalid'],
    ['{"id":{},"method":"a"}', 'invalid'],
    ['{"id":1,"method":2}', 'invalid'],
    ['{"\\u0069d":1,"method":"a"}', 'request'],
  ])('%s is a %s', (line, kind) => {
    expect(readMessage(line).kind).toBe(kind);
  });

  it.each([
    '{"id":1,"id":2,"method":"a"}',
    '{"id":1,"\\u0069d":2,"method":"a"}',
    '{"id":1,"method":"a","params":{"uri":"a","uri":"b"}}',
    '{"id":1,"method":"a","params":{"_meta":{"progressToken":1,"progressToken":2}}}',
  ])('two readers could understand %s differently', (line) => {
    expect(readStrictly(line).kind).toBe('invalid');
  });

  it.each([
    '{"id":1,"method":"a","params":{"x":[}]}}',
    '{"id":01,"method":"a"}',
    '{"id":1,"method":"a","x":nul}',
  ])('%s is not JSON inside', (line) => {
    expect(readStrictly(line).kind).toBe('junk');
  });
});
