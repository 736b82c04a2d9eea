/** Reading a log that others write to, empty, replace and remove meanwhile. */

import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogReader } from '../../src/adapters/node/logs/log-reader.js';
import { gapLine, partLine } from '../../src/domain/text/log-parts.js';

let directory: string;

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(tmpdir(), 'solod-log-'));
});

afterEach(() => fs.rmSync(directory, { recursive: true, force: true }));

const file = (name: string): string => path.join(directory, name);
const append = (text: string): void => fs.appendFileSync(file('log'), text);

/** What a keeper does, step by step. */
function copyTo(name: string): void {
  fs.copyFileSync(file('log'), file('tmp'));
  fs.renameSync(file('tmp'), file(name));
}
const empty = (): void => fs.truncateSync(file('log'), 0);

function goOn(part: number, name: string): void {
  copyTo(name);
  empty();
  append(partLine(part));
}

/** Looks as often as it takes to be sure that there is no more. */
const allMore = (reader: LogReader): string => Array.from({ length: 5 }, () => reader.more()).join('');

describe('a whole log', () => {
  it('is undefined where there is none, or none that can be read', () => {
    expect(new LogReader(directory).whole()).toBeUndefined();
    fs.mkdirSync(file('log'));
    expect(new LogReader(directory).whole()).toBeUndefined();
    expect(new LogReader(file('nowhere')).whole()).toBeUndefined();
  });

  it('begins with what was copied before', () => {
    append('a\n');
    goOn(1, 'log.previous');
    append('b\n');
    goOn(2, 'log.1');
    append('c\n');
    expect(new LogReader(directory).whole()).toBe('a\nb\nc\n');
  });

  it('is what a copy alone has, where the log itself is gone', () => {
    append('a\n');
    copyTo('log.previous');
    fs.rmSync(file('log'));
    expect(new LogReader(directory).whole()).toBe('a\n');
  });

  it('keeps every byte, also bytes that are not UTF-8', () => {
    fs.writeFileSync(file('log'), Buffer.from([0xff, 0x00, 0xc3, 0xa4, 0x0a]));
    expect(Buffer.from(new LogReader(directory).whole() ?? '', 'latin1')).toEqual(
      Buffer.from([0xff, 0x00, 0xc3, 0xa4, 0x0a]),
    );
  });

  it('is not a link that leads elsewhere', () => {
    fs.writeFileSync(file('secret'), 'secret\n');
    fs.symlinkSync(file('secret'), file('log'));
    expect(new LogReader(directory).whole()).toBeUndefined();
  });
});

describe('what comes later', () => {
  function following(text = 'a\n'): LogReader {
    append(text);
    const reader = new LogReader(directory);
    expect(reader.whole()).toBe(text);
    return reader;
  }

  it('is told once', () => {
    const reader = following();
    append('b\n');
    expect([reader.more(), reader.more()]).toEqual(['b\n', '']);
  });

  it('is told across one emptying: the rest of the part, then the next', () => {
    const reader = following();
    append('b\n');
    goOn(1, 'log.previous');
    append('c\n');
    expect(allMore(reader)).toBe('b\nc\n');
  });

  it('and another', () => {
    const reader = following();
    goOn(1, 'log.previous');
    append('b\n');
    expect(allMore(reader)).toBe('b\n');
    append('c\n');
    goOn(2, 'log.1');
    append('d\n');
    expect(allMore(reader)).toBe('c\nd\n');
  });

  it('or says what is not kept of it', () => {
    const reader = following();
    for (const [part, name] of [
      [1, 'log.previous'],
      [2, 'log.1'],
      [3, 'log.1'],
      [4, 'log.1'],
    ] as const) {
      append(`end of ${part - 1}\n`);
      goOn(part, name);
    }
    append('f\n');
    expect(allMore(reader)).toBe(`end of 0\n${gapLine(2)}end of 3\nf\n`);
  });

  it('also where the end of what was read has gone with it', () => {
    const reader = following();
    goOn(1, 'log.previous');
    expect(allMore(reader)).toBe('');
    append('lost\n');
    goOn(2, 'log.1');
    append('b\n');
    goOn(3, 'log.1');
    append('c\n');
    expect(allMore(reader)).toBe(`${gapLine(1)}b\nc\n`);
  });

  it.each([
    ['copied', () => copyTo('log.previous')],
    [
      'emptied, and not yet numbered',
      () => {
        copyTo('log.previous');
        empty();
      },
    ],
  ])('waits while the log is %s', (_, step) => {
    const reader = following();
    append('b\n');
    expect(reader.more()).toBe('b\n');
    step();
    expect(reader.more()).toBe('');
    empty();
    append(`${partLine(1)}c\n`);
    expect(allMore(reader)).toBe('c\n');
  });

  it('is not lost where another process writes before the part is numbered', () => {
    const reader = following();
    append('b\n');
    copyTo('log.previous');
    empty();
    append('x\n');
    expect(reader.more()).toBe('');
    append(partLine(1));
    append('c\n');
    expect(allMore(reader)).toBe(`b\nx\n${partLine(1)}c\n`);
  });

  it('is told of a log that somebody removed, and that was begun anew', () => {
    const reader = following('a long line\n');
    fs.rmSync(file('log'));
    expect(reader.more()).toBe('');
    append('b\n');
    expect(allMore(reader)).toBe('b\n');
  });

  it('is told of a log that a start has renamed', () => {
    const reader = following();
    goOn(1, 'log.previous');
    append('a longer line\n');
    expect(allMore(reader)).toBe('a longer line\n');
    append('b\n');
    fs.renameSync(file('log'), file('log.1'));
    append('c\n');
    expect(allMore(reader)).toBe('b\nc\n');
  });

  it('is told of a log that comes only later', () => {
    const reader = new LogReader(directory);
    expect([reader.whole(), reader.more()]).toEqual([undefined, '']);
    append('a\n');
    expect(allMore(reader)).toBe('a\n');
  });
});
