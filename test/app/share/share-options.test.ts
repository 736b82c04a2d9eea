/** The options of `solod share`: what they mean, how a mistake reads, and what the broker is sent. */

import { describe, expect, it } from 'vitest';
import { readShareOptions, writeShareOptions } from '../../../src/app/share/share-options.js';
import { textOf } from '../../../src/app/texts/complaint.js';

const COMMAND = ['--', 'server', '--flag', '--'];

const optionsOf = (...written: string[]) => {
  const reading = readShareOptions([...written, ...COMMAND]);
  return reading.kind === 'share' ? { ...reading.options, ...reading.surroundings } : reading;
};

describe('an option', () => {
  it.each([
    [[], { sharing: 'by-name', order: 'concurrent', from: 'same-directory', idleMs: 300_000 }],
    [[], { command: ['server', '--flag', '--'], only: undefined, offered: [], messageBytes: 10 * 2 ** 20 }],
    [['--per-client'], { sharing: 'per-client' }],
    [['--shared'], { sharing: 'shared' }],
    [['--serial'], { order: 'serial' }],
    [['--any-cwd'], { from: 'any-directory' }],
    [['--env', 'A', '--env=B'], { only: ['A', 'B'] }],
    [['--offer=sampling', '--offer=roots', '--offer=roots'], { offered: ['roots', 'sampling'] }],
    [['--idle-timeout=0'], { idleMs: undefined }],
    [['--idle-timeout=1s'], { idleMs: 1_000 }],
    [['--max-message=1M'], { messageBytes: 2 ** 20 }],
    [['--own-broker'], { broker: 'own' }],
    [['--explain', '--json', '--state-dir=/d'], { act: 'explain', json: 'json', stateDirectory: '/d' }],
  ])('%j', (written, value) => {
    expect(optionsOf(...written)).toMatchObject(value);
  });

  it.each([
    [['--idle-timeout=soon', ...COMMAND], 'not a duration'],
    [['--max-message=0', ...COMMAND], 'not a size'],
    [['--offer=tools', ...COMMAND], 'write sampling or roots or elicitation'],
    [['--shared', '--per-client', ...COMMAND], "can't be used together"],
    [['server', ...COMMAND], '"server" is not an option'],
    [['server'], '"server" is not an option'],
    [[], 'no command to share is given'],
    [['--'], 'no command to share is given'],
  ])('%j is refused in one sentence', (argv, says) => {
    const reading = readShareOptions(argv);
    expect(reading.kind === 'wrong' && textOf(reading.complaint)).toContain(says);
  });

  it.each([['--nonsense'], ['--env'], ['--help'], ['--serial=1']])('%s is malformed', (written) => {
    expect(readShareOptions([written, ...COMMAND])).toEqual({ kind: 'malformed' });
  });
});

it('the broker reads what a client writes', () => {
  const written = ['--per-client', '--serial', '--any-cwd', '--env=A', '--offer=roots', '--idle-timeout=0'];
  for (const argv of [COMMAND, [...written, ...COMMAND], ['--shared', '--max-message=1K', ...COMMAND]]) {
    const reading = readShareOptions(argv);
    if (reading.kind !== 'share') throw new Error(`${argv.join(' ')} is not read`);
    expect(readShareOptions(writeShareOptions(reading.options))).toMatchObject({ options: reading.options });
  }
});
