import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TEXT_BYTES_MAX, TREE_ENTRIES_MAX } from '../../src/adapters/node/files/file-system.js';
import type { EntryType, FileSystem } from '../../src/ports/file-system.js';
import type { ChangeReading } from '../../src/ports/readings.js';
import {
  asOrdinaryUser,
  canChangeProcess,
  type FileSystemHost,
  memoryFileSystemHost,
  nodeFileSystemHost,
  underUmask,
} from './file-system-hosts.js';

const DONE = { kind: 'done' };
const ABSENT = { kind: 'absent' };
const OCCUPIED = { kind: 'occupied' };
const WRONG_TYPE = { kind: 'wrong-type' };
const failed = (code: string) => ({ kind: 'failed', cause: { code, message: expect.stringContaining('') } });

const HOSTS = [
  { name: 'node', make: nodeFileSystemHost },
  { name: 'memory', make: memoryFileSystemHost },
];

let host: FileSystemHost;
let files: FileSystem;
const at = (name: string): string => `${host.root}/${name}`;

/** A step of the arrangement, which must not fail. */
function arrange(...readings: readonly ChangeReading[]): void {
  for (const reading of readings) expect(reading).toEqual(DONE);
}

function typeAt(name: string): EntryType | 'absent' {
  const reading = files.inspect(at(name));
  if (reading.kind === 'entry') return reading.entry.type;
  expect(reading).toEqual(ABSENT);
  return 'absent';
}

function modeAt(name: string): number | undefined {
  const reading = files.inspect(at(name));
  return reading.kind === 'entry' ? reading.entry.mode : undefined;
}

const textAt = (name: string): string => {
  const reading = files.readText(at(name));
  expect(reading.kind).toBe('text');
  return reading.kind === 'text' ? reading.text : '';
};

/** What may lie behind a name, in this test's vocabulary. */
const THINGS = {
  file: async (name: string) => arrange(files.createFile(at(name), name)),
  'empty directory': async (name: string) => arrange(files.makeDirectory(at(name))),
  'full directory': async (name: string) =>
    arrange(files.makeDirectory(at(name)), files.createFile(at(`${name}/inside`), name)),
  'link to a directory': async (name: string) =>
    arrange(files.makeDirectory(at(`${name}.target`)), files.makeLink(`${name}.target`, at(name))),
  'dangling link': async (name: string) => arrange(files.makeLink('nowhere', at(name))),
  socket: async (name: string) => host.plant('socket', at(name)),
  fifo: async (name: string) => host.plant('other', at(name)),
} as const;
type Thing = keyof typeof THINGS;
const things = Object.keys(THINGS) as Thing[];

const TYPES: Readonly<Record<Thing, EntryType>> = {
  file: 'file',
  'empty directory': 'directory',
  'full directory': 'directory',
  'link to a directory': 'link',
  'dangling link': 'link',
  socket: 'socket',
  fifo: 'other',
};

describe.each(HOSTS)('the file system of $name', ({ make }) => {
  beforeEach(async () => {
    host = await make();
    files = host.files;
  });
  afterEach(() => host.dispose());

  describe('makeDirectory', () => {
    it('makes one for its owner alone', () => {
      expect(files.makeDirectory(at('d'))).toEqual(DONE);
      const { entry } = files.inspect(at('d')) as { entry: unknown };
      expect(entry).toMatchObject({ type: 'directory', mode: 0o700, userId: host.userId });
    });

    it.each(things)('finds the name occupied by a %s', async (thing) => {
      await THINGS[thing]('d');
      expect(files.makeDirectory(at('d'))).toEqual(OCCUPIED);
      expect(typeAt('d')).toBe(TYPES[thing]);
    });

    it('needs a directory to make it in', () => {
      arrange(files.createFile(at('file'), ''));
      expect(files.makeDirectory(at('missing/d'))).toEqual(ABSENT);
      expect(files.makeDirectory(at('file/d'))).toEqual(WRONG_TYPE);
    });

    it('goes through a link to that directory', () => {
      arrange(files.makeDirectory(at('real')), files.makeLink('real', at('link')));
      expect(files.makeDirectory(at('link/d'))).toEqual(DONE);
      expect(typeAt('real/d')).toBe('directory');
    });

    it('hands on what it has no word for', () => {
      expect(files.makeDirectory(at('x'.repeat(256)))).toEqual(failed('ENAMETOOLONG'));
      expect(files.makeDirectory(at('x/'.repeat(2_100)))).toEqual(failed('ENAMETOOLONG'));
      expect(files.makeDirectory(at('a\0b'))).toEqual(failed('ERR_INVALID_ARG_VALUE'));
      expect(files.makeDirectory('')).toEqual(ABSENT);
    });
  });

  describe('makeDirectories', () => {
    it('makes what is missing, all of it for its owner alone', () => {
      expect(files.makeDirectories(at('a/b/c'))).toEqual(DONE);
      expect(['a', 'a/b', 'a/b/c'].map(modeAt)).toEqual([0o700, 0o700, 0o700]);
    });

    it('is done where everything exists, and leaves it as it is', () => {
      arrange(files.makeDirectories(at('a/b')));
      host.chmod(at('a/b'), 0o755);
      expect(files.makeDirectories(at('a/b'))).toEqual(DONE);
      expect(modeAt('a/b')).toBe(0o755);
      expect(files.makeDirectories('/')).toEqual(DONE);
    });

    it('goes through links to directories', async () => {
      await THINGS['link to a directory']('link');
      expect(files.makeDirectories(at('link'))).toEqual(DONE);
      expect(files.makeDirectories(at('link/a'))).toEqual(DONE);
      expect(typeAt('link.target/a')).toBe('directory');
    });

    it.each(['file', 'dangling link', 'socket', 'fifo'] as const)(
      'can make nothing of a %s in the way',
      async (thing) => {
        await THINGS[thing]('x');
        expect(files.makeDirectories(at('x'))).toEqual(WRONG_TYPE);
        expect(files.makeDirectories(at('x/a/b'))).toEqual(WRONG_TYPE);
      },
    );
  });

  describe('inspect', () => {
    it.each(things)('knows a %s', async (thing) => {
      await THINGS[thing]('x');
      expect(typeAt('x')).toBe(TYPES[thing]);
    });

    it('tells when something was changed', () => {
      arrange(files.createFile(at('f'), ''));
      const reading = files.inspect(at('f'));
      const ageMs = reading.kind === 'entry' ? host.wallMs() - reading.entry.modifiedMs : Number.NaN;
      expect(Math.abs(ageMs)).toBeLessThan(5_000);
    });

    it('tells absence from a path that leads nowhere', () => {
      arrange(files.createFile(at('f'), ''), files.makeLink('loop', at('loop')));
      expect(files.inspect(at('missing'))).toEqual(ABSENT);
      expect(files.inspect(at('missing/x'))).toEqual(ABSENT);
      expect(files.inspect(at('f/x'))).toEqual(WRONG_TYPE);
      expect(files.inspect(at('loop/x'))).toEqual(WRONG_TYPE);
      expect(typeAt('loop')).toBe('link');
    });
  });

  describe('tighten', () => {
    it('closes a directory to all but its owner', () => {
      arrange(files.makeDirectory(at('d')));
      host.chmod(at('d'), 0o755);
      expect(files.tighten(at('d'))).toEqual(DONE);
      expect(modeAt('d')).toBe(0o700);
    });

    it('changes nothing but a directory, and follows no link', async () => {
      await THINGS['link to a directory']('link');
      host.chmod(at('link.target'), 0o755);
      expect(files.tighten(at('link'))).toEqual(WRONG_TYPE);
      expect(modeAt('link.target')).toBe(0o755);
      await THINGS.file('f');
      expect(files.tighten(at('f'))).toEqual(WRONG_TYPE);
      expect(modeAt('f')).toBe(0o1600);
      await THINGS.fifo('p');
      expect(files.tighten(at('p'))).toEqual(WRONG_TYPE);
      expect(files.tighten(at('missing'))).toEqual(ABSENT);
    });
  });

  describe('list', () => {
    it('names everything, also through a link', async () => {
      arrange(files.makeDirectory(at('d')), files.makeLink('d', at('link')));
      await THINGS.socket('d/s');
      arrange(files.makeLink('nowhere', at('d/l')), files.makeDirectories(at('d/deep/er')));
      const expected = { kind: 'names', names: expect.arrayContaining(['s', 'l', 'deep']) };
      for (const name of ['d', 'link']) {
        const reading = files.list(at(name));
        expect(reading).toEqual(expected);
        expect(reading.kind === 'names' && reading.names.length).toBe(3);
      }
    });

    it.skipIf(process.platform !== 'linux')('follows forty links in a row, and no more', () => {
      arrange(files.makeDirectory(at('l0')));
      for (let n = 1; n <= 41; n += 1) arrange(files.makeLink(`l${n - 1}`, at(`l${n}`)));
      expect(files.list(at('l40'))).toEqual({ kind: 'names', names: [] });
      expect(files.list(at('l41'))).toEqual(WRONG_TYPE);
    });

    it('lists nothing but directories', async () => {
      await THINGS.file('f');
      expect(files.list(at('f'))).toEqual(WRONG_TYPE);
      expect(files.list(at('missing'))).toEqual(ABSENT);
    });
  });

  describe('readLink', () => {
    it('says what was put in, word for word', () => {
      for (const [n, target] of ['7', '../x', '/absolute//path/', './.'].entries()) {
        arrange(files.makeLink(target, at(`l${n}`)));
        expect(files.readLink(at(`l${n}`))).toEqual({ kind: 'target', target });
      }
    });

    it.each(['file', 'empty directory', 'socket', 'fifo'] as const)('reads no %s', async (thing) => {
      await THINGS[thing]('x');
      expect(files.readLink(at('x'))).toEqual(WRONG_TYPE);
    });

    it('finds nothing where nothing is', () => {
      expect(files.readLink(at('missing'))).toEqual(ABSENT);
    });
  });

  describe('readText', () => {
    it.each(['', 'one line\n', 'größer, 更大, 🙂'])('reads back %j', (text) => {
      arrange(files.createFile(at('f'), text));
      expect(textAt('f')).toBe(text);
    });

    it('reads a small file whole, and of a large one nothing', () => {
      arrange(files.createFile(at('full'), 'x'.repeat(TEXT_BYTES_MAX)));
      expect(textAt('full').length).toBe(TEXT_BYTES_MAX);
      arrange(files.createFile(at('over'), 'x'.repeat(TEXT_BYTES_MAX + 1)));
      expect(files.readText(at('over'))).toEqual(failed('EFBIG'));
    });

    it.each(things.filter((thing) => thing !== 'file'))(
      'reads no %s, and does not wait for it',
      async (thing) => {
        await THINGS[thing]('x');
        expect(files.readText(at('x'))).toEqual(WRONG_TYPE);
      },
    );

    it('reads through a link on the way, not at the end', () => {
      arrange(files.makeDirectory(at('7')), files.createFile(at('7/owner.json'), '{}'));
      arrange(files.makeLink('7', at('current')), files.makeLink('7/owner.json', at('shortcut')));
      expect(textAt('current/owner.json')).toBe('{}');
      expect(files.readText(at('shortcut'))).toEqual(WRONG_TYPE);
    });

    it('finds nothing where nothing is', () => {
      expect(files.readText(at('missing'))).toEqual(ABSENT);
    });
  });

  describe('createFile', () => {
    it('makes one for its owner alone', () => {
      expect(files.createFile(at('f'), 'text')).toEqual(DONE);
      expect([typeAt('f'), modeAt('f')]).toEqual(['file', 0o1600]);
    });

    it.each(things)('leaves a %s by that name alone', async (thing) => {
      await THINGS[thing]('x');
      expect(files.createFile(at('x'), 'new')).toEqual(OCCUPIED);
      expect(typeAt('x')).toBe(TYPES[thing]);
      if (thing === 'file') expect(textAt('x')).toBe('x');
      expect(typeAt('nowhere')).toBe('absent');
    });

    it('needs a directory to make it in', () => {
      arrange(files.createFile(at('f'), ''));
      expect(files.createFile(at('missing/x'), '')).toEqual(ABSENT);
      expect(files.createFile(at('f/x'), '')).toEqual(WRONG_TYPE);
    });

    it.skipIf(!canChangeProcess)('hands on that it may not', () => {
      expect(host.denied(host.root, () => files.createFile(at('f'), ''))).toEqual(failed('EACCES'));
      expect(typeAt('f')).toBe('absent');
    });
  });

  describe('appendText', () => {
    it('adds at the end', () => {
      arrange(files.createFile(at('f'), 'a\n'));
      expect(files.appendText(at('f'), 'b\n')).toEqual(DONE);
      expect(files.appendText(at('f'), '')).toEqual(DONE);
      expect(textAt('f')).toBe('a\nb\n');
      expect(modeAt('f')).toBe(0o1600);
    });

    it('brings nothing back that was removed', () => {
      expect(files.appendText(at('f'), 'x')).toEqual(ABSENT);
      expect(typeAt('f')).toBe('absent');
    });

    it.each(things.filter((thing) => thing !== 'file'))('writes to no %s', async (thing) => {
      await THINGS[thing]('x');
      expect(files.appendText(at('x'), 'text')).toEqual(WRONG_TYPE);
    });
  });

  describe('makeLink', () => {
    it('does not look where it points', () => {
      expect(files.makeLink('nowhere/at/all', at('l'))).toEqual(DONE);
      expect(typeAt('l')).toBe('link');
    });

    it.each(things)('leaves a %s by that name alone', async (thing) => {
      await THINGS[thing]('x');
      expect(files.makeLink('7', at('x'))).toEqual(OCCUPIED);
      expect(typeAt('x')).toBe(TYPES[thing]);
    });

    it('needs a target, and a directory to be made in', () => {
      arrange(files.createFile(at('f'), ''));
      expect(files.makeLink('', at('l'))).toEqual(ABSENT);
      expect(files.makeLink('7', at('missing/l'))).toEqual(ABSENT);
      expect(files.makeLink('7', at('f/l'))).toEqual(WRONG_TYPE);
    });
  });

  describe('rename', () => {
    /** rename(2), of which the claim is built. */
    function expected(from: Thing, to: Thing | 'absent'): object {
      if (to === 'absent') return DONE;
      const [source, target] = [TYPES[from], TYPES[to]];
      if ((source === 'directory') !== (target === 'directory')) return WRONG_TYPE;
      return to === 'full directory' ? OCCUPIED : DONE;
    }

    const pairs = things.flatMap((from) => [...things, 'absent' as const].map((to) => ({ from, to })));

    it.each(pairs)('of a $from, where there is: $to', async ({ from, to }) => {
      await THINGS[from]('from');
      if (to !== 'absent') await THINGS[to]('to');
      const reading = files.rename(at('from'), at('to'));
      expect(reading).toEqual(expected(from, to));
      const moved = reading.kind === 'done';
      expect(typeAt('from')).toBe(moved ? 'absent' : TYPES[from]);
      expect(typeAt('to')).toBe(moved || to === 'absent' ? TYPES[from] : TYPES[to]);
      if (to === 'link to a directory')
        expect(files.list(at('to.target'))).toEqual({ kind: 'names', names: [] });
    });

    it('publishes everything inside at once, and once', () => {
      for (const name of ['tmp.a', 'tmp.b'])
        arrange(files.makeDirectory(at(name)), files.createFile(at(`${name}/owner.json`), name));
      expect(files.rename(at('tmp.a'), at('1'))).toEqual(DONE);
      expect(files.rename(at('tmp.b'), at('1'))).toEqual(OCCUPIED);
      expect([textAt('1/owner.json'), textAt('tmp.b/owner.json')]).toEqual(['tmp.a', 'tmp.b']);
    });

    it('swaps the pointer: the link itself, not what it points to', () => {
      for (const n of ['1', '2']) arrange(files.makeDirectory(at(n)), files.createFile(at(`${n}/f`), n));
      arrange(files.makeLink('1', at('current')), files.makeLink('2', at('tmp.link')));
      expect(files.rename(at('tmp.link'), at('current'))).toEqual(DONE);
      expect(files.readLink(at('current'))).toEqual({ kind: 'target', target: '2' });
      expect([textAt('current/f'), textAt('1/f'), textAt('2/f')]).toEqual(['2', '1', '2']);
      expect(typeAt('tmp.link')).toBe('absent');
    });

    it('goes through links on the way, and leaves the contents of what it moves alone', () => {
      arrange(files.makeDirectories(at('real/deep')), files.makeLink('real', at('link')));
      arrange(files.createFile(at('real/deep/f'), 'text'));
      expect(files.rename(at('link/deep'), at('link/moved'))).toEqual(DONE);
      expect(textAt('real/moved/f')).toBe('text');
      arrange(files.rename(at('real'), at('elsewhere')));
      expect(textAt('elsewhere/moved/f')).toBe('text');
      expect(files.inspect(at('link/moved'))).toEqual(ABSENT);
    });

    it('moves nothing into itself, and nothing over what it lies in', () => {
      arrange(files.makeDirectories(at('a/b')));
      expect(files.rename(at('a'), at('a/c'))).toEqual(WRONG_TYPE);
      expect(files.rename(at('a'), at('a/b'))).toEqual(WRONG_TYPE);
      expect(files.rename(at('a/b'), at('a'))).toEqual(OCCUPIED);
      arrange(files.createFile(at('a/f'), ''));
      expect(files.rename(at('a/f'), at('a'))).toEqual(OCCUPIED);
      expect([typeAt('a/b'), typeAt('a/f')]).toEqual(['directory', 'file']);
    });

    it.each(things)('of a %s to its own name changes nothing', async (thing) => {
      await THINGS[thing]('x');
      expect(files.rename(at('x'), at('x'))).toEqual(DONE);
      expect(typeAt('x')).toBe(TYPES[thing]);
    });

    it('needs both ends', () => {
      arrange(files.createFile(at('f'), ''), files.makeDirectories(at('full/inside')));
      expect(files.rename(at('missing'), at('x'))).toEqual(ABSENT);
      expect(files.rename(at('missing'), at('full'))).toEqual(ABSENT);
      expect(files.rename(at('f'), at('missing/x'))).toEqual(ABSENT);
      expect(files.rename(at('f'), at('f/x'))).toEqual(WRONG_TYPE);
      expect(files.rename(at('f/x'), at('x'))).toEqual(WRONG_TYPE);
      expect(files.rename(at('f'), at('x'.repeat(256)))).toEqual(failed('ENAMETOOLONG'));
    });
  });

  describe('removeFile', () => {
    it.each(things)('of a %s', async (thing) => {
      await THINGS[thing]('x');
      const isDirectory = TYPES[thing] === 'directory';
      expect(files.removeFile(at('x'))).toEqual(isDirectory ? WRONG_TYPE : DONE);
      expect(typeAt('x')).toBe(isDirectory ? 'directory' : 'absent');
      if (thing === 'link to a directory') expect(typeAt('x.target')).toBe('directory');
    });

    it('finds nothing where nothing is', async () => {
      await THINGS.file('f');
      expect(files.removeFile(at('missing'))).toEqual(ABSENT);
      expect(files.removeFile(at('f/x'))).toEqual(WRONG_TYPE);
    });
  });

  describe('removeDirectory', () => {
    it.each(things)('of a %s', async (thing) => {
      await THINGS[thing]('x');
      const isDirectory = TYPES[thing] === 'directory';
      const ofDirectory = thing === 'full directory' ? OCCUPIED : DONE;
      const expected = isDirectory ? ofDirectory : WRONG_TYPE;
      expect(files.removeDirectory(at('x'))).toEqual(expected);
      expect(typeAt('x')).toBe(expected === DONE ? 'absent' : TYPES[thing]);
    });

    it('finds nothing where nothing is', () => {
      expect(files.removeDirectory(at('missing'))).toEqual(ABSENT);
    });
  });

  describe('removeTree', () => {
    it.each(things)('of a %s', async (thing) => {
      await THINGS[thing]('x');
      expect(files.removeTree(at('x'))).toEqual(DONE);
      expect(typeAt('x')).toBe('absent');
    });

    it('takes everything below with it, and nothing that links lead to', async () => {
      arrange(files.makeDirectories(at('x/a/b')), files.createFile(at('x/a/b/f'), ''));
      await THINGS.socket('x/sock');
      arrange(files.makeDirectory(at('kept')), files.createFile(at('kept/f'), ''));
      arrange(files.makeLink('../kept', at('x/link')), files.makeLink(at('kept/f'), at('x/a/link')));
      expect(files.removeTree(at('x'))).toEqual(DONE);
      expect([typeAt('x'), typeAt('kept/f')]).toEqual(['absent', 'file']);
    });

    it('is done where there is nothing', async () => {
      await THINGS.file('f');
      expect(files.removeTree(at('missing'))).toEqual(DONE);
      expect(files.removeTree(at('missing/x'))).toEqual(DONE);
      expect(files.removeTree(at('f/x'))).toEqual(WRONG_TYPE);
    });
  });
});

describe('the file system of node, where only it can be asked', () => {
  beforeEach(async () => {
    host = await nodeFileSystemHost();
    files = host.files;
  });
  afterEach(() => host.dispose());

  it.skipIf(!canChangeProcess).each([0o000, 0o022, 0o077, 0o277, 0o777])(
    'directories are 0700 under umask %o',
    (mask) => {
      host.chmod(host.root, 0o777);
      const made = () =>
        underUmask(mask, () => [files.makeDirectory(at('d')), files.makeDirectories(at('a/b/c'))]);
      expect(asOrdinaryUser(made)).toEqual([DONE, DONE]);
      expect(['d', 'a', 'a/b', 'a/b/c'].map(modeAt)).toEqual([0o700, 0o700, 0o700, 0o700]);
    },
  );

  it('directories are 0700 also where the parent hands its group down', () => {
    host.chmod(host.root, 0o2755);
    arrange(files.makeDirectory(at('d')));
    expect(modeAt('d')).toBe(0o700);
  });

  it.skipIf(!canChangeProcess)('files are never wider than 0600', () => {
    underUmask(0o000, () => arrange(files.createFile(at('f'), '')));
    expect(modeAt('f')).toBe(0o1600);
  });

  it.skipIf(!hasProgram('prlimit') || !canChangeProcess)(
    'a disk that fills up leaves no half file behind',
    () => {
      const text = 'x'.repeat(8_192);
      arrange(files.createFile(at('log'), 'kept\n'));
      const readings = whileFilesEndAt(4_096, () => [
        files.createFile(at('f'), text),
        files.appendText(at('log'), text),
      ]);
      expect(readings).toEqual([failed('EFBIG'), failed('EIO')]);
      expect(typeAt('f')).toBe('absent');
    },
  );

  it('a fifo with a reader is not written to', async () => {
    await THINGS.fifo('p');
    const reader = fs.openSync(at('p'), fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    try {
      expect(files.appendText(at('p'), 'x')).toEqual(WRONG_TYPE);
    } finally {
      fs.closeSync(reader);
    }
  });

  it('a tree that another process removes at the same time is done', { timeout: 60_000 }, async () => {
    const isWhole = (): boolean => {
      const reading = files.list(at('tree/a'));
      return reading.kind === 'names' && reading.names.length === 60;
    };
    for (let round = 0; round < 25; round += 1) {
      arrange(files.makeDirectory(at('tree')), files.makeDirectory(at('tree/a')));
      for (let n = 0; n < 60; n += 1) arrange(files.makeDirectory(at(`tree/a/${n}`)));
      const other = spawn('rm', ['-rf', at('tree')], { stdio: 'ignore' });
      const ended = once(other, 'close');
      // Until the other one is at work.
      while (isWhole() && other.exitCode === null) await new Promise(setImmediate);
      expect(files.removeTree(at('tree'))).toEqual(DONE);
      await ended;
    }
  });

  it('a tree that is none of ours is not removed to its end', () => {
    arrange(files.makeDirectory(at('tree')));
    for (let n = 0; n < TREE_ENTRIES_MAX; n += 1) fs.writeFileSync(at(`tree/${n}`), '');
    expect(files.removeTree(at('tree'))).toEqual(failed('E2BIG'));
    expect(typeAt('tree')).toBe('directory');
  });

  it('a bug stays a bug', () => {
    for (const method of ['inspect', 'readText', 'makeDirectory', 'removeTree'] as const)
      expect(() => files[method](undefined as never)).toThrow(TypeError);
  });
});

function hasProgram(name: string): boolean {
  try {
    execFileSync(name, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Writing past that size fails in this process, as on a full disk (setrlimit(2), RLIMIT_FSIZE). */
function whileFilesEndAt<T>(bytes: number, act: () => T): T {
  const limit = (soft: string) =>
    execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${soft}:unlimited`]);
  limit(String(bytes));
  try {
    return act();
  } finally {
    limit('unlimited');
  }
}
