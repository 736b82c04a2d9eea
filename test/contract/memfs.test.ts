/**
 * Where memfs differs from Linux, and that the memory file system does not. Each case shows the difference
 * first: once memfs has fixed it, the case fails, and the workaround can go.
 */

import { Volume } from 'memfs';
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryMachine } from '../../src/adapters/memory/memory-machine.js';
import type { FileSystem } from '../../src/ports/file-system.js';

const DONE = { kind: 'done' };
const OCCUPIED = { kind: 'occupied' };
const WRONG_TYPE = { kind: 'wrong-type' };

let raw: Volume;
let machine: MemoryMachine;
let files: FileSystem;

beforeEach(() => {
  raw = new Volume();
  machine = new MemoryMachine();
  files = machine.start().ports.files;
});

/** The same tree in both. */
function arrange(...entries: readonly string[]): void {
  for (const entry of entries) {
    const [path = '', target] = entry.split(' -> ');
    if (target !== undefined) {
      raw.symlinkSync(target, path);
      expect(files.makeLink(target, path)).toEqual(DONE);
    } else if (path.endsWith('/')) {
      raw.mkdirSync(path);
      expect(files.makeDirectory(path)).toEqual(DONE);
    } else {
      raw.writeFileSync(path, path);
      expect(files.createFile(path, path)).toEqual(DONE);
    }
  }
}

const typeAt = (path: string): string => {
  const reading = files.inspect(path);
  return reading.kind === 'entry' ? reading.entry.type : reading.kind;
};

describe('memfs differs from Linux, and the memory file system does not', () => {
  it('renaming a link moves what it points to', () => {
    arrange('/1/', '/2/', '/current -> 1', '/tmp.link -> 2');
    raw.renameSync('/tmp.link', '/current');
    expect(raw.existsSync('/2')).toBe(false);
    expect(files.rename('/tmp.link', '/current')).toEqual(DONE);
    expect(files.readLink('/current')).toEqual({ kind: 'target', target: '2' });
    expect([typeAt('/1'), typeAt('/2')]).toEqual(['directory', 'directory']);
  });

  it('renaming over a directory that is not empty succeeds', () => {
    arrange('/a/', '/1/', '/1/owner.json');
    raw.renameSync('/a', '/1');
    expect(raw.existsSync('/1/owner.json')).toBe(false);
    expect(files.rename('/a', '/1')).toEqual(OCCUPIED);
    expect(typeAt('/1/owner.json')).toBe('file');
  });

  it('renaming across types succeeds', () => {
    arrange('/f', '/d/', '/g', '/e/');
    raw.renameSync('/f', '/d');
    raw.renameSync('/e', '/g');
    expect([raw.statSync('/d').isFile(), raw.statSync('/g').isDirectory()]).toEqual([true, true]);
    expect(files.rename('/f', '/d')).toEqual(WRONG_TYPE);
    expect(files.rename('/e', '/g')).toEqual(WRONG_TYPE);
  });

  it('renaming a directory into itself loses it', () => {
    arrange('/d/', '/d/e/');
    raw.renameSync('/d', '/d/e/x');
    expect(raw.existsSync('/d')).toBe(false);
    expect(files.rename('/d', '/d/e/x')).toEqual(WRONG_TYPE);
    expect(typeAt('/d/e')).toBe('directory');
  });

  it('unlink of a directory is EPERM', () => {
    arrange('/d/');
    expect(() => raw.unlinkSync('/d')).toThrow('EPERM');
    expect(files.removeFile('/d')).toEqual(WRONG_TYPE);
  });

  it('a directory behind a link is none to make anything in', () => {
    arrange('/d/', '/link -> d', '/f');
    expect(() => raw.mkdirSync('/link/x')).toThrow('ENOTDIR');
    expect(() => raw.symlinkSync('7', '/link/l')).toThrow('ENOTDIR');
    expect(() => raw.renameSync('/f', '/link/f')).toThrow('ENOTDIR');
    expect(files.makeDirectory('/link/x')).toEqual(DONE);
    expect(files.makeLink('7', '/link/l')).toEqual(DONE);
    expect(files.rename('/f', '/link/f')).toEqual(DONE);
    expect(['/d/x', '/d/l', '/d/f'].map(typeAt)).toEqual(['directory', 'link', 'file']);
  });

  it('".." is taken off the path before links are followed', () => {
    arrange('/d/', '/d/e/', '/d/f', '/link -> d/e');
    expect(() => raw.readFileSync('/link/../f')).toThrow('ENOENT');
    expect(files.readText('/link/../f')).toEqual({ kind: 'text', text: '/d/f' });
  });

  it('no name is too long', () => {
    const long = `/${'x'.repeat(256)}`;
    raw.writeFileSync(long, '');
    expect(files.createFile(long, '')).toMatchObject({ kind: 'failed', cause: { code: 'ENAMETOOLONG' } });
  });

  it('an inode number is used again at once, and a socket must not be found behind it', async () => {
    arrange('/a');
    const number = raw.statSync('/a').ino;
    raw.unlinkSync('/a');
    raw.writeFileSync('/b', '');
    expect(raw.statSync('/b').ino).toBe(number);

    const { ports } = machine.start();
    await ports.listener.listen('/sock');
    expect(files.removeFile('/sock')).toEqual(DONE);
    expect(files.createFile('/sock', '')).toEqual(DONE);
    expect(typeAt('/sock')).toBe('file');
    expect(await ports.probe.connect('/sock', 1)).toMatchObject({
      kind: 'errno',
      cause: { code: 'ECONNREFUSED' },
    });
  });

  it('modes bind root too, and times are the real ones', async () => {
    machine.disk.create('/closed', { type: 'directory', userId: 0, mode: 0o000 });
    expect(machine.start({ userId: 0 }).ports.files.createFile('/closed/f', '')).toEqual(DONE);
    await machine.clock.advance(5_000);
    machine.clock.jumpWall(1_000_000);
    arrange('/f');
    const { wallMs } = machine.clock.now();
    for (const path of ['/f', '/'])
      expect(files.inspect(path)).toMatchObject({ entry: { modifiedMs: wallMs } });
    expect(files.inspect('/closed')).toMatchObject({ entry: { modifiedMs: wallMs - 1_005_000 } });
  });
});
