/** The shim on the PATH: a shell reads every word back as it was. */

import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isShim, shellWord, shimFile, shimText, unfitWord } from '../../../src/app/commands/install/shim.js';

const read = (script: string): string[] => {
  const { stdout, status } = spawnSync('sh', ['-c', script], { encoding: 'buffer' });
  expect(status).toBe(0);
  return stdout.toString('utf8').split('\0').slice(0, -1);
};

describe('a word', () => {
  it('is read back by sh(1), whatever it holds', () => {
    const odd = fc.constantFrom(
      "'",
      '"',
      '\\',
      '$',
      '`',
      '!',
      '~',
      '*',
      ' ',
      '\n',
      '\t',
      '\u0007',
      '\u007f',
      'é',
    );
    const word = fc
      .oneof(fc.string(), fc.string({ unit: fc.oneof(odd, fc.string({ maxLength: 2 })) }))
      // No argument of a process can hold a NUL.
      .map((text) => text.replaceAll('\0', ''));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 50 }), (words) => {
        expect(read(`printf '%s\\0' ${words.map(shellWord).join(' ')}`)).toEqual(words);
      }),
      { numRuns: 40 },
    );
  });

  it.each(['plain', '/usr/bin/node', '--name=a-b_c', 'a@b:1,2+3%'])('%s needs no quotes', (word) => {
    expect(shellWord(word)).toBe(word);
  });
});

describe('a shim', () => {
  const shim = { command: 'x y', directory: '/b', argv: ['/n', 'call', "/it's.mjs"] };

  it('is recognised as one, and nothing else is', () => {
    expect(isShim(shimText(shim, 'linux'))).toBe(true);
    expect(isShim(`${shimText(shim, 'linux')}rm -rf /\n`)).toBe(false);
    expect(isShim('#!/bin/sh\nexec x -- "$@"\n')).toBe(false);
  });

  it('holds no line break', () => {
    expect(unfitWord(shim, 'linux')).toBeUndefined();
    expect(unfitWord({ ...shim, argv: ['/a\nb'] }, 'linux')).toBe('/a\nb');
  });

  it('is a batch file on Windows', () => {
    const here = {
      command: 'x',
      directory: 'C:\\b\\',
      argv: ['C:\\Program Files\\node.exe', 'call', '100%'],
    };
    const text = shimText(here, 'win32');
    expect(text).toContain('"C:\\Program Files\\node.exe" "call" "100%%" -- %*\r\n');
    expect(text).toContain('--bin-dir "C:\\b\\\\"');
    expect([isShim(text), isShim(`${text}del *\r\n`)]).toEqual([true, false]);
    expect(shimFile('x', 'win32')).toBe('x.cmd');
    expect(unfitWord({ ...here, argv: ['a"b'] }, 'win32')).toBe('a"b');
  });
});
