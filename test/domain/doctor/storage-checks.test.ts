/** File systems by their type and their room, and who cleans them up. */

import { describe, expect, it } from 'vitest';
import { cleanedAfter, symptomsOfStorage } from '../../../src/domain/doctor/storage-checks.js';
import { kinds, refusal } from './kinds.js';

describe('storage', () => {
  const storage = { kind: 'storage', freeBytes: 1e9, inodes: 10, freeInodes: 5 } as const;

  it.each([
    [0x6969, 'file-system-shared', 'NFS'],
    // As a signed 32-bit number, which is how some report it.
    [0xff534d42 | 0, 'file-system-shared', 'CIFS'],
    [0x01021997, 'file-system-foreign', '9p'],
    [0x53464846, 'file-system-foreign', 'drvfs of WSL'],
    [0x65735546, 'file-system-foreign', 'FUSE'],
    [0xef53, 'file-system', 'ext4'],
    [0x794c7630, 'file-system', 'overlay'],
    [0x1234, 'file-system', 'of type 0x1234'],
  ])('of type %i is %s (%s)', (type, kind, name) => {
    expect(symptomsOfStorage('/d', { ...storage, type }, 'linux')).toEqual([{ kind, path: '/d', name }]);
  });

  it('is full, has no inodes left, has no table of inodes, or can not be read', () => {
    const type = 0xef53;
    const look = (changes: object) =>
      kinds(symptomsOfStorage('/d', { ...storage, type, ...changes }, 'darwin'));
    expect(look({ freeBytes: 100 })).toEqual(['no-space']);
    expect(look({ freeInodes: 0 })).toEqual(['no-inodes']);
    expect(look({ inodes: 0, freeInodes: 0 })).toEqual([]);
    const failed = { kind: 'failed', cause: refusal('EPERM') } as const;
    expect(kinds(symptomsOfStorage('/d', failed, 'linux'))).toEqual(['file-system-unknown']);
  });
});

describe('systemd-tmpfiles', () => {
  const usual = [
    '# comment\nq /tmp 1777 root root 10d\nq /var/tmp 1777 root root 30d\nD! /tmp/.X11-unix 1777 root root 10d',
  ];

  it.each<[string, readonly string[], string | undefined]>([
    ['/tmp/solod-1', usual, '10d'],
    ['/var/tmp/x', usual, '30d'],
    ['/tmpfoo', usual, undefined],
    ['/home/me', usual, undefined],
    ['/tmp/solod-1', ['q /tmp 1777 root root -'], undefined],
    ['/tmp/solod-1', ['q /tmp'], undefined],
    ['/tmp/solod-1', [...usual, 'x /tmp/solod-1'], undefined],
    ['/tmp/solod-1', [...usual, 'x /tmp/solod-1/*'], undefined],
    ['/tmp/solod-1', [...usual, 'd /tmp/solod-1 0700 me me 1d'], '1d'],
  ])('%s with %j: %s', (path, texts, age) => {
    expect(cleanedAfter(path, texts)).toBe(age);
  });
});
