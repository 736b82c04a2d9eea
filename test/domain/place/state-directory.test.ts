/** Which directories are made, which are closed, and which are refused. */

import { describe, expect, it } from 'vitest';
import { MemoryMachine } from '../../../src/adapters/memory/memory-machine.js';
import { type PrepareOutcome, prepareDirectory } from '../../../src/domain/place/state-directory.js';
import { runSync } from '../../../src/domain/procedure/run.js';
import type { Entry } from '../../../src/ports/file-system.js';
import { HOME, PLACE, ROOT, USER_ID } from '../../support/plans.js';

function prepare(machine: MemoryMachine): PrepareOutcome {
  return runSync(prepareDirectory({ place: PLACE, userId: USER_ID }), machine.start().ports);
}

const LEVELS = [
  { level: 'root', path: ROOT },
  { level: 'directory', path: HOME },
];

/** A machine with that entry, and the root above it where it is the directory of the name. */
function withEntry(path: string, entry: Partial<Omit<Entry, 'modifiedMs'>>): MemoryMachine {
  const machine = new MemoryMachine();
  if (path === HOME) machine.files.makeDirectory(ROOT);
  machine.disk.create(
    path,
    { type: 'directory', userId: USER_ID, mode: 0o700, ...entry },
    'mkdir',
    '/elsewhere',
  );
  return machine;
}

const modeOf = (machine: MemoryMachine, path: string): number | undefined => {
  const reading = machine.files.inspect(path);
  return reading.kind === 'entry' ? reading.entry.mode : undefined;
};

describe('what is missing', () => {
  it('is made, with its parents, for the user alone', () => {
    const machine = new MemoryMachine();
    const place = { root: '/deep/down/state', directory: '/deep/down/state/name' };
    const preparing = prepareDirectory({ place, userId: USER_ID });
    expect(runSync(preparing, machine.start().ports)).toEqual({ kind: 'prepared' });
    expect([modeOf(machine, place.root), modeOf(machine, place.directory)]).toEqual([0o700, 0o700]);
  });

  it('is not made again where it is', () => {
    const machine = withEntry(HOME, {});
    for (const method of ['makeDirectory', 'makeDirectories'] as const)
      machine.faults.plant({ method, code: 'EROFS' });
    expect(prepare(machine)).toEqual({ kind: 'prepared' });
  });

  it.each(LEVELS)('the race of two who make the $level: the one that is late finds it made', ({ path }) => {
    const machine = new MemoryMachine();
    const process = machine.start();
    process.onCall = ({ method, args }) => {
      if (method.startsWith('make') && args[0] === path) machine.files.makeDirectories(path);
    };
    const preparing = prepareDirectory({ place: PLACE, userId: USER_ID });
    expect(runSync(preparing, process.ports)).toEqual({ kind: 'prepared' });
  });

  it.each(LEVELS)(
    'the race with another user who makes the $level: what was made is looked at',
    ({ path }) => {
      const machine = new MemoryMachine();
      const process = machine.start();
      process.onCall = ({ method, args }) => {
        if (!method.startsWith('make') || args[0] !== path) return;
        machine.disk.create(path, { type: 'directory', userId: 4, mode: 0o755 });
      };
      const preparing = prepareDirectory({ place: PLACE, userId: USER_ID });
      expect(runSync(preparing, process.ports)).toEqual({ kind: 'distrusted', path, why: 'foreign' });
    },
  );

  it.each(LEVELS)('a $level that is gone again as soon as it is made is given up', ({ path }) => {
    const machine = new MemoryMachine();
    const process = machine.start();
    let made = false;
    let calls = 0;
    process.onCall = ({ method, args }) => {
      if (args[0] !== path) return;
      calls += 1;
      expect(calls, 'it is tried for ever').toBeLessThan(10);
      if (method === 'inspect' && made) machine.files.removeTree(path);
      made ||= method.startsWith('make');
    };
    const preparing = prepareDirectory({ place: PLACE, userId: USER_ID });
    expect(runSync(preparing, process.ports)).toMatchObject({
      kind: 'failed',
      path,
      cause: { code: 'ENOENT' },
    });
  });
});

describe.each(LEVELS)('a $level that is refused', ({ path }) => {
  it.each([
    { why: 'link', entry: { type: 'link', mode: 0o777 } },
    { why: 'no-directory', entry: { type: 'file', mode: 0o600 } },
    { why: 'no-directory', entry: { type: 'socket', mode: 0o600 } },
    { why: 'foreign', entry: { userId: 0 } },
    { why: 'foreign', entry: { userId: 0, mode: 0o777 } },
    { why: 'writable-by-others', entry: { mode: 0o720 } },
    { why: 'writable-by-others', entry: { mode: 0o702 } },
    { why: 'writable-by-others', entry: { mode: 0o1777 } },
  ] as const)('$why: $entry', ({ why, entry }) => {
    const machine = withEntry(path, entry);
    const before = machine.files.inspect(path);
    expect(prepare(machine)).toEqual({ kind: 'distrusted', path, why });
    expect(machine.files.inspect(path)).toEqual(before);
  });

  it('a link is refused also when it leads to a good directory', () => {
    const machine = withEntry(path, { type: 'link', mode: 0o777 });
    machine.files.makeDirectory('/elsewhere');
    expect(prepare(machine)).toMatchObject({ kind: 'distrusted', why: 'link' });
  });
});

describe('a directory of the name that is open', () => {
  it.each([0o755, 0o750, 0o744, 0o711, 0o701, 0o500, 0o300, 0o600])(
    'to others, or closed to its owner (%o), is set right',
    (mode) => {
      const machine = withEntry(HOME, { mode });
      expect(prepare(machine)).toEqual({ kind: 'prepared' });
      expect(modeOf(machine, HOME)).toBe(0o700);
    },
  );

  it('the root is not solod’s alone, and stays as it is', () => {
    const machine = withEntry(ROOT, { mode: 0o755 });
    expect(prepare(machine)).toEqual({ kind: 'prepared' });
    expect(modeOf(machine, ROOT)).toBe(0o755);
  });

  it('that can’t be closed is given up', () => {
    const machine = withEntry(HOME, { mode: 0o755 });
    machine.faults.plant({ method: 'tighten', code: 'EPERM' });
    expect(prepare(machine)).toMatchObject({ kind: 'failed', path: HOME, cause: { code: 'EPERM' } });
  });
});

describe('a system that refuses', () => {
  it.each([
    { method: 'inspect', path: ROOT, code: 'EACCES' },
    { method: 'inspect', path: HOME, code: 'EACCES' },
    { method: 'makeDirectories', path: ROOT, code: 'EROFS' },
    { method: 'makeDirectories', path: ROOT, code: 'ENOSPC' },
    { method: 'makeDirectory', path: HOME, code: 'EDQUOT' },
  ] as const)('$method: $code at $path', ({ method, path, code }) => {
    const machine = new MemoryMachine();
    machine.faults.plant({ method, code, matching: new RegExp(`${path}$`) });
    expect(prepare(machine)).toMatchObject({ kind: 'failed', path, cause: { code } });
  });

  it('a plain file above the root is no directory to make anything in', () => {
    const machine = new MemoryMachine();
    machine.files.createFile('/file', '');
    const place = { root: '/file/state', directory: '/file/state/name' };
    const preparing = prepareDirectory({ place, userId: USER_ID });
    const outcome = runSync(preparing, machine.start().ports);
    expect(outcome).toMatchObject({ kind: 'failed', path: '/file/state', cause: { code: 'ENOTDIR' } });
  });
});
