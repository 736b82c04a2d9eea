/** Names, numbers, and paths that fit. */

import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  claimLayout,
  directoryName,
  fitsSocketPath,
  generationAfter,
  generationOf,
  highestGeneration,
  isName,
  isNonce,
  isTrash,
  join,
  judgeName,
  labelOf,
  labelOfDirectory,
  layout,
  lockLayout,
  makerOf,
  NAMES,
  NONCE_LENGTH_MAX,
  nonceOf,
  type Platform,
  placeOf,
  shortHash,
  utf8,
} from '../../../src/domain/place/layout.js';

describe('paths', () => {
  it('are laid out as the table says', () => {
    expect({
      current: layout.current('/d'),
      currentSocket: layout.currentSocket('/d'),
      currentOwner: layout.currentOwner('/d'),
      generation: layout.generation('/d', 7),
      generationSocket: layout.generationSocket('/d', 7),
      generationOwner: claimLayout.generationOwner('/d', 7),
      lock: layout.lock('/d'),
      lockRecord: layout.lockRecord('/d', '7-a'),
      private: layout.private('/d', '7-a'),
      privateLock: lockLayout.private('/d', '7-a'),
      privateLink: claimLayout.privateLink('/d', '7-a'),
      privateLaunch: layout.privateLaunch('/d', '7-a'),
      launch: layout.launch('/d'),
      trash: claimLayout.trash('/d', '7-a'),
      privateOwner: claimLayout.privateOwner('/d', claimLayout.nonce('7-a', 2)),
      privateSocket: claimLayout.privateSocket('/d', '7-a'),
      sweptGeneration: claimLayout.sweptGeneration('/d', '7-a', 3),
      displacedCurrent: claimLayout.displacedCurrent('/d', '7-a'),
      privateRecord: lockLayout.privateRecord('/d', '7-a'),
      evicted: lockLayout.evicted('/d', '7-a'),
      evictedRecord: lockLayout.evictedRecord('/d', '7-a', '8-b'),
    }).toEqual({
      current: '/d/current',
      currentSocket: '/d/current/sock',
      currentOwner: '/d/current/owner.json',
      generation: '/d/7',
      generationSocket: '/d/7/sock',
      generationOwner: '/d/7/owner.json',
      lock: '/d/spawn.lock',
      lockRecord: '/d/spawn.lock/7-a',
      private: '/d/tmp.7-a',
      privateLock: '/d/tmp.7-a.lock',
      privateLink: '/d/tmp.7-a.link',
      privateLaunch: '/d/tmp.7-a.launch',
      launch: '/d/launch',
      trash: '/d/trash.7-a',
      privateOwner: '/d/tmp.7-a-2/owner.json',
      privateSocket: '/d/tmp.7-a/sock',
      sweptGeneration: '/d/trash.7-a.3',
      displacedCurrent: '/d/trash.7-a.current',
      privateRecord: '/d/tmp.7-a.lock/7-a',
      evicted: '/d/trash.7-a.lock',
      evictedRecord: '/d/trash.7-a.lock/8-b',
    });
    expect(NAMES).toMatchObject({ log: 'log', spawns: 'spawns.jsonl' });
    expect(join('a', 'b', 'c')).toBe('a/b/c');
  });

  it('of one kind are never taken for those of another', () => {
    const names = [
      'current',
      'spawn.lock',
      'log',
      'spawns.jsonl',
      'launch',
      'tmp.7-a',
      'tmp.7-a.lock',
      'tmp.7-a.link',
      'tmp.7-a.launch',
      'trash.7-a',
      '7',
    ];
    const seen = names.map((name) => [generationOf(name), makerOf(name), isTrash(name)]);
    expect(seen).toEqual([
      [undefined, undefined, false],
      [undefined, undefined, false],
      [undefined, undefined, false],
      [undefined, undefined, false],
      [undefined, undefined, false],
      [undefined, 7, false],
      [undefined, 7, false],
      [undefined, 7, false],
      [undefined, 7, false],
      [undefined, undefined, true],
      [7, undefined, false],
    ]);
  });
});

describe('a nonce', () => {
  it('begins with the process that made it', () => {
    expect(nonceOf(4_194_304, 'k3j9x0ab')).toBe('4194304-k3j9x0ab');
    expect(isNonce(nonceOf(4_194_304, 'k3j9x0ab'))).toBe(true);
    expect(makerOf(`tmp.${nonceOf(42, 'k3j9x0ab')}-63`)).toBe(42);
  });

  it.each([
    '',
    '7',
    '7-',
    '-a',
    'a-7',
    '7-A',
    '7-a.b',
    '7-a/b',
    '../x',
    '7-a\n',
    ' 7-a',
    '12345678901-a',
    `7-${'a'.repeat(21)}`,
  ])('is not %j', (text) => {
    expect(isNonce(text)).toBe(false);
    expect(makerOf(`tmp.${text}`)).toBeUndefined();
  });

  it.each(['1234567890-a', `7-${'a'.repeat(20)}`, '7-a-0', '0-0'])('may be %j', (text) => {
    expect(isNonce(text)).toBe(true);
    expect(makerOf(`tmp.${text}`)).toBe(Number(text.split('-')[0]));
  });

  it.each(['xtmp.7-a', 'tmp.7-a.locks', 'tmp.7-a.link.lock', 'tmp.7-a.lock\n'])(
    'a name like %j has no maker',
    (name) => {
      expect(makerOf(name)).toBeUndefined();
    },
  );
});

describe('generations', () => {
  it.each([
    ['1', 1],
    ['7', 7],
    ['10', 10],
    ['999999999', 999_999_999],
  ])('%j is one', (text, generation) => {
    expect(generationOf(text)).toBe(generation);
  });

  it.each([
    '',
    '0',
    '01',
    '-1',
    '+1',
    '1.0',
    '1e3',
    '0x1',
    ' 1',
    '1 ',
    '1\n',
    '1/',
    '../1',
    '/d/1',
    '1000000000000000',
    '٣',
  ])('%j is none', (text) => {
    expect(generationOf(text)).toBeUndefined();
  });

  it('the highest is found by number, among whatever else lies there', () => {
    expect(highestGeneration([])).toBeUndefined();
    expect(highestGeneration(['current', 'tmp.7-a', '01'])).toBeUndefined();
    expect(highestGeneration(['9', '10', 'current', '2'])).toBe(10);
    expect(highestGeneration(['3', '1000000000', '999999999999999'])).toBe(3);
    expect(highestGeneration(['3', '999999999'])).toBe(999_999_999);
  });
});

describe('what a name stands for', () => {
  it.each([
    ['7', { kind: 'generation', generation: 7 }],
    ['tmp.9-a.lock', { kind: 'private', maker: 9 }],
    ['trash.9-a.3', { kind: 'trash' }],
    ['current', { kind: 'other' }],
    ['07', { kind: 'other' }],
  ])('%s', (name, verdict) => {
    expect(judgeName(name)).toEqual(verdict);
  });

  it('generations are counted from 1, and `current` names them as their directories are called', () => {
    expect([generationAfter(undefined), generationAfter(1), claimLayout.linkTarget(7)]).toEqual([1, 2, '7']);
  });
});

describe('daemon names', () => {
  it.each(['a', 'A', '0', 'prettier', 'my-tool_2.0', 'a..b', 'x'.repeat(64)])('%j is good', (name) => {
    expect(isName(name)).toBe(true);
  });

  it.each([
    '.',
    '..',
    '.hidden',
    '-flag',
    '_x',
    'a/b',
    'a\\b',
    'a b',
    'a\n',
    'ä',
    'a\0',
    'a@b',
    'x'.repeat(65),
    '',
  ])('%j is none', (name) => {
    expect(isName(name)).toBe(false);
  });
});

describe('the directory of a name', () => {
  /** Each group: what a file system that ignores case does not tell apart. */
  const NAMES = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,7}$/);
  const DEVICES = ['con', 'prn', 'aux', 'nul', 'com1', 'com9', 'lpt1', 'lpt9', 'com0', 'lpt0'];
  /** As Windows reads a name: without dots and spaces at the end, and a device also before a dot. */
  const isDevice = (name: string): boolean => /^(?:con|prn|aux|nul|(?:com|lpt)\d) *(?:[.:]|$)/i.test(name);

  it('is the name on Linux', () => {
    fc.assert(fc.property(NAMES, (name) => directoryName(name, 'linux') === name));
    expect(directoryName('Echo@0123456789abc', 'linux')).toBe('Echo@0123456789abc');
  });

  it.each(['darwin', 'win32'] as const)('tells names apart whose case differs on %s', (platform) => {
    const folded = (name: string): string => directoryName(name, platform).toLowerCase();
    const one = ['echo', 'Echo', 'eCho', 'ECHO', 'E', 'e'].map(folded);
    expect(new Set(one).size).toBe(one.length);
    const pair = fc.tuple(NAMES, NAMES).filter(([a, b]) => a !== b);
    fc.assert(fc.property(pair, ([a, b]) => folded(a) !== folded(b)));
    const swapped = fc
      .tuple(NAMES, fc.func(fc.boolean()))
      .map(
        ([name, isUpper]) =>
          [name, [...name].map((c, n) => (isUpper(n) ? c.toUpperCase() : c.toLowerCase())).join('')] as const,
      );
    fc.assert(fc.property(swapped, ([a, b]) => a === b || folded(a) !== folded(b)));
  });

  it.each(['linux', 'darwin', 'win32'] as const)('leads back to the name on %s', (platform) => {
    const labels = NAMES.chain((name) => fc.constantFrom(name, `${name}@0123456789abc`));
    fc.assert(
      fc.property(labels, (label) => labelOfDirectory(directoryName(label, platform), platform) === label),
    );
    for (const name of ['+', '+4', '+4g', '+zz', 'a+62', '.scope', 'a b', '+2e'])
      expect(labelOfDirectory(name, platform)).toBeUndefined();
  });

  it('does not count on another system', () => {
    expect(labelOfDirectory('+45cho', 'linux')).toBeUndefined();
    expect(labelOfDirectory('Echo', 'darwin')).toBeUndefined();
  });

  it.each([...DEVICES, ...DEVICES.map((name) => name.toUpperCase()), 'Con', 'nul.mjs', 'aux.', 'con.a.b'])(
    '%j does not name a device of Windows',
    (name) => {
      expect(isDevice(name)).toBe(true);
      expect(isDevice(directoryName(name, 'win32'))).toBe(false);
      expect(labelOfDirectory(directoryName(name, 'win32'), 'win32')).toBe(name);
    },
  );

  it('has no dot at its end on Windows, which drops it', () => {
    for (const name of ['a.', 'a..', 'con.', 'A.b.']) {
      const directory = directoryName(name, 'win32');
      expect(directory).not.toMatch(/[. ]$/);
      expect(labelOfDirectory(directory, 'win32')).toBe(name);
    }
  });

  it.each(['console', 'com10', 'lpt', 'com', 'auxiliary', 'my.con', 'con-1', 'echo@0123456789abc'])(
    '%j stays as it is on Windows',
    (label) => {
      expect(directoryName(label, 'win32')).toBe(label);
    },
  );
});

describe('the short hash', () => {
  // Vectors of draft-eastlake-fnv: 64-bit FNV-1a.
  it.each([
    ['', 0xcbf29ce484222325n],
    ['a', 0xaf63dc4c8601ec8cn],
    ['b', 0xaf63df4c8601f1a5n],
    ['foo', 0xdcb27518fed9d577n],
    ['foobar', 0x85944171f73967e8n],
    ['chongo was here!\n', 0x46810940eff5f915n],
  ])('of %j', (text, hash) => {
    expect(shortHash(text)).toBe(hash.toString(36).padStart(13, '0'));
  });

  it('always has 13 characters, all of them good in a name', () => {
    for (let n = 0; n < 500; n += 1) {
      expect(shortHash(String(n))).toMatch(/^[0-9a-z]{13}$/);
      expect(isName(shortHash(String(n)))).toBe(true);
    }
  });

  it('tells texts apart that differ past ASCII', () => {
    expect(new Set(['ä', 'a', 'ö', '€', '😀', '😁'].map(shortHash)).size).toBe(6);
  });

  it.each(['', 'plain', 'ä€😀', '\u0000\u007f\u0080\u07ff\u0800\uffff', '\u{10000}\u{10ffff}'])(
    'counts the bytes of %j as UTF-8',
    (text) => {
      expect(utf8(text)).toEqual([...Buffer.from(text, 'utf8')]);
    },
  );
});

describe('socket paths', () => {
  const LIMITS = { linux: 108, darwin: 104 } as const;
  const tail = `/tmp.${'9'.repeat(NONCE_LENGTH_MAX)}/sock`;

  it.each(['linux', 'darwin'] as const)(
    'fit to the last byte on %s, the terminating NUL included',
    (platform) => {
      const longest = LIMITS[platform] - 1 - tail.length;
      expect(fitsSocketPath('d'.repeat(longest), platform)).toBe(true);
      expect(fitsSocketPath('d'.repeat(longest + 1), platform)).toBe(false);
    },
  );

  it('are counted in bytes', () => {
    const longest = LIMITS.linux - 1 - tail.length;
    expect(fitsSocketPath('ä'.repeat(Math.floor(longest / 2)), 'linux')).toBe(true);
    expect(fitsSocketPath('ä'.repeat(Math.floor(longest / 2) + 1), 'linux')).toBe(false);
    expect(fitsSocketPath('😀'.repeat(Math.floor(longest / 4) + 1), 'linux')).toBe(false);
  });

  it('no nonce that a process makes is longer than they are laid out for', () => {
    expect(`${nonceOf(4_294_967_295, 'k3j9x0ab')}-63`.length).toBeLessThanOrEqual(NONCE_LENGTH_MAX);
  });
});

describe('a place', () => {
  it('is the directory of the name, where its sockets fit', () => {
    expect(placeOf('/run/user/1/solod', 'name', 1, 'linux')).toEqual({
      root: '/run/user/1/solod',
      directory: '/run/user/1/solod/name',
    });
  });

  it('is a short one of the user’s own where they don’t, and they fit there', () => {
    const root = `/${'deep/'.repeat(20)}solod`;
    const place = placeOf(root, 'name', 4_294_967_295, 'darwin');
    expect(place).toEqual({
      root: '/tmp/solod-4294967295',
      directory: `/tmp/solod-4294967295/${shortHash(`${root}/name`)}`,
    });
    expect(fitsSocketPath(place.directory, 'darwin')).toBe(true);
  });

  it('is another one for another root, name or user', () => {
    const root = `/${'deep/'.repeat(20)}`;
    const places = [
      placeOf(`${root}a`, 'name', 1, 'linux'),
      placeOf(`${root}b`, 'name', 1, 'linux'),
      placeOf(`${root}a`, 'other', 1, 'linux'),
      placeOf(`${root}a`, 'name', 2, 'linux'),
    ];
    expect(new Set(places.map(({ directory }) => directory)).size).toBe(4);
  });

  it('depends on the platform only as far as the paths do', () => {
    const root = `/${'d'.repeat(62)}`;
    expect(placeOf(root, 'name', 1, 'linux').root).toBe(root);
    expect(placeOf(root, 'name', 1, 'darwin').root).toBe('/tmp/solod-1');
  });

  it('has the name as it is on Linux, and none that its file system takes for another elsewhere', () => {
    const root = '/r';
    const at = (name: string, platform: Platform) => placeOf(root, name, 1, platform).directory;
    expect(at('Echo', 'linux')).toBe('/r/Echo');
    expect(at('Echo', 'darwin')).toBe('/r/+45cho');
    expect(at('Echo', 'win32')).toBe('/r/+45cho');
    const long = `/${'d'.repeat(70)}`;
    const places = ['Echo', 'echo'].map((name) => placeOf(long, name, 1, 'darwin').directory);
    expect(new Set(places.map((place) => place.toLowerCase())).size).toBe(2);
  });

  it('is one for each project, if it is asked for', () => {
    expect(labelOf('name', undefined)).toBe('name');
    expect(labelOf('name', '/project')).toBe(`name@${shortHash('/project')}`);
    expect(labelOf('name', '/project')).not.toBe(labelOf('name', '/other'));
  });
});
