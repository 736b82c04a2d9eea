/** Arguments of every command, read by the one table. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readWarm } from '../../../src/app/entry/warm-call.js';
import {
  COMMAND_OPTIONS,
  type CommandName,
  OPTIONS,
  type OptionName,
  type OptionSpec,
} from '../../../src/app/options/option-table.js';
import { readArguments, readServiceArguments, readWritten } from '../../../src/app/options/read-options.js';
import { textOf } from '../../../src/app/texts/complaint.js';

const optionsOf = (command: CommandName, ...argv: string[]) => {
  const reading = readArguments(command, argv);
  return reading.kind === 'read' ? reading.value.options : reading;
};

describe('an option', () => {
  it.each([
    ['install', '--timeout=1.5s', { timeoutMs: 1_500 }],
    ['install', '--idle-timeout=0', { idleTimeoutMs: 0 }],
    ['serve', '--memory-limit=2G', { memoryLimitBytes: 2 * 2 ** 30 }],
    ['serve', '--tether=12', { tether: 12 }],
    ['logs', '-n5', { lines: 5 }],
    ['logs', '-f', { follow: true }],
    ['call', '--fallback=inline', { fallback: 'inline' }],
    ['call', '--no-daemon', { daemon: 'off' }],
    ['uninstall', '--bin-dir=/b', { binDirectory: '/b' }],
    ['spawns', '--svg=-', { svg: '-' }],
  ] as const)('%s %s', (command, written, value) => {
    expect(optionsOf(command, written)).toMatchObject(value);
  });

  it.each([
    [['--daemon', '--no-daemon'], 'on'],
    [['--no-daemon', '--daemon'], 'on'],
  ])('%j: asking for a daemon counts', (argv, daemon) => {
    expect(optionsOf('call', ...argv)).toMatchObject({ daemon });
  });

  it('that is not given is absent; a flag is false', () => {
    const options = optionsOf('status');
    expect(Object.values(options).filter((value) => value !== false)).toEqual([]);
    expect(options).toMatchObject({ json: false, dryRun: false });
  });

  it.each([
    ['call', '--timeout=soon', 'not a duration'],
    ['call', '--timeout=2147483648ms', 'not a duration'],
    ['call', '--memory-limit=0', 'not a size'],
    ['call', '--tether=0', 'not a process id'],
    ['logs', '--lines=-1', 'not a number of lines'],
    ['call', '--errors=loud', 'write stderr or line'],
  ] as const)('%s %s is refused in one sentence', (command, written, says) => {
    const reading = readArguments(command, [written]);
    expect(reading.kind === 'wrong' && textOf(reading.complaint)).toContain(says);
  });

  it.each(['--nonsense', '--json=1', '--name', '--help', '-x'])('%s is malformed', (written) => {
    expect(readArguments('status', [written])).toEqual({ kind: 'malformed' });
  });

  it('has a key of its own, but for the two that say on or off', () => {
    const keys = Object.values(OPTIONS as Readonly<Record<OptionName, OptionSpec>>).map(({ key }) => key);
    expect(keys.length - new Set(keys).size).toBe(1);
  });
});

/** Every spelling of a call's option that the full reader takes. */
const SPELLINGS = COMMAND_OPTIONS.call.flatMap((name) => {
  const { reads, choices }: OptionSpec = OPTIONS[name];
  if (choices !== undefined) return choices.map((choice) => `--${name}=${choice}`);
  const takesNoText = reads === 'flag' || reads === 'on' || reads === 'off';
  return [takesNoText ? `--${name}` : `--${name}=7`];
});

describe('the warm call', () => {
  it('passes by exactly the options that say nothing of a warm call', () => {
    const passed = SPELLINGS.filter((spelling) => readWarm([spelling, 'service']) !== undefined);
    expect(passed).toEqual([
      '--fallback=wait',
      '--fallback=inline',
      '--errors=stderr',
      '--errors=line',
      '--verbose',
    ]);
  });

  it('reads service and arguments as the full reader does', () => {
    const word = fc.constantFrom('service', 'a', '-', '--', '', '-x', '--verbose', ...SPELLINGS);
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), (argv) => {
        const warm = readWarm(argv);
        if (warm === undefined) return;
        const reading = readArguments('call', argv);
        expect(reading).toMatchObject({ kind: 'read', value: warm });
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('the command line of a daemon', () => {
  it.each([
    ['--name=n', '--state-dir=/s', '--', '/a.mjs'],
    ['--name=n', '--state-dir=/s=t', '--project=/p\nq', '--', '--a.mjs'],
    ['--name=', '--', '/a.mjs'],
    ['--', '/a.mjs'],
  ])('%j is read by hand as by the table', (...argv) => {
    const byTable = readServiceArguments('serve', argv);
    const written = readWritten(argv);
    expect(written).toBeDefined();
    expect(byTable).toMatchObject(written ?? {});
    const given = (options: object = {}): unknown[] => Object.values(options).filter(Boolean).sort();
    expect(given(byTable?.options)).toEqual(given(written?.options));
  });

  it.each([
    ['--name=n', '--grace=1s', '--', '/a.mjs'],
    ['--name', 'n', '--', '/a.mjs'],
    ['--name=n', '/a.mjs'],
    ['--name=n', '--'],
    ['--', '/a.mjs', 'x'],
    ['x', '--', '/a.mjs'],
    [],
  ])('%j is left to the table', (...argv) => {
    expect(readWritten(argv)).toBeUndefined();
  });
});
