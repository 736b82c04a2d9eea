/** A person's own files, on the machine's file system. */

import { execFileSync } from 'node:child_process';
import {
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MemoryDocuments } from '../../src/adapters/memory/files/documents.js';
import { systemError } from '../../src/adapters/memory/files/system-error.js';
import { MemoryMachine } from '../../src/adapters/memory/memory-machine.js';
import { DOCUMENT_BYTES_MAX, nodeDocuments } from '../../src/adapters/node/files/documents.js';

let root: string;
const documents = nodeDocuments();
const at = (name: string): string => path.join(root, name);

beforeEach(() => {
  root = realpathSync(mkdtempSync(path.join(tmpdir(), 'solod-documents-')));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('read', () => {
  it.each(['', '\uFEFF{}\r\n', 'ä\u2028\u{1F600}\0'])('every character of %j', (text) => {
    writeFileSync(at('x'), text, { mode: 0o640 });
    const { uid: userId, gid: groupId } = lstatSync(at('x'));
    expect(documents.read(at('x'))).toEqual({
      kind: 'document',
      document: { text, mode: 0o640, userId, groupId },
    });
  });

  it('nothing that would come back as something else', () => {
    writeFileSync(at('x'), Buffer.from([0x61, 0xc3]));
    expect(documents.read(at('x'))).toMatchObject({ kind: 'failed', cause: { code: 'EILSEQ' } });
  });

  it('nothing that is too long', () => {
    writeFileSync(at('x'), '');
    truncateSync(at('x'), DOCUMENT_BYTES_MAX + 1);
    expect(documents.read(at('x'))).toMatchObject({ kind: 'failed', cause: { code: 'EFBIG' } });
  });

  it('no link, directory or fifo, and nothing where nothing is', () => {
    writeFileSync(at('x'), '');
    symlinkSync('x', at('link'));
    execFileSync('mkfifo', [at('fifo')]);
    const kinds = ['link', '.', 'fifo', 'x/y', 'none'].map((name) => documents.read(at(name)).kind);
    expect(kinds).toEqual(['wrong-type', 'wrong-type', 'wrong-type', 'wrong-type', 'absent']);
  });
});

describe('create', () => {
  it('with exactly that mode, whatever the umask', () => {
    const before = process.umask(0o777);
    try {
      expect(documents.create(at('x'), { text: 'ä', mode: 0o4755 })).toEqual({ kind: 'done' });
    } finally {
      process.umask(before);
    }
    expect(documents.read(at('x'))).toMatchObject({ document: { text: 'ä', mode: 0o4755 } });
  });

  it('never over something else, not even a link to nothing', () => {
    symlinkSync('none', at('link'));
    expect(documents.create(at('link'), { text: '', mode: 0o600 }).kind).toBe('occupied');
    expect(documents.create(at('none/x'), { text: '', mode: 0o600 }).kind).toBe('absent');
    expect(readdirSync(root)).toEqual(['link']);
  });
});

const withoutLinks = nodeDocuments((from, to) => {
  throw systemError('EPERM', 'link', from, to);
});

describe.each([
  ['link(2)', documents],
  ['rename(2), where there are no hard links', withoutLinks],
])('publish by %s', (_, { publish }) => {
  it('gives the name that is wanted', () => {
    writeFileSync(at('from'), 'x');
    expect(publish(at('from'), at('to'))).toEqual({ kind: 'done' });
    expect(readdirSync(root)).toEqual(['to']);
    expect(readFileSync(at('to'), 'utf8')).toBe('x');
  });

  it.each(['file', 'link', 'directory'])('never takes that of a %s', (type) => {
    writeFileSync(at('from'), 'x');
    if (type === 'file') writeFileSync(at('to'), 'y');
    else if (type === 'link') symlinkSync('none', at('to'));
    else mkdirSync(at('to'));
    expect(publish(at('from'), at('to')).kind).toBe('occupied');
    expect(readdirSync(root)).toEqual(['from', 'to']);
  });

  it('says why it can not', () => {
    writeFileSync(at('from'), 'x');
    expect(publish(at('from'), at('none/to')).kind).toBe('absent');
    expect(readdirSync(root)).toEqual(['from']);
  });
});

it('replace takes the place of a file, and of one name alone', () => {
  writeFileSync(at('from'), 'x');
  writeFileSync(at('to'), 'y');
  linkSync(at('to'), at('other'));
  expect(documents.replace(at('from'), at('to'))).toEqual({ kind: 'done' });
  expect(readFileSync(at('to'), 'utf8')).toBe('x');
  expect(readFileSync(at('other'), 'utf8')).toBe('y');
  mkdirSync(at('directory'));
  expect(documents.replace(at('to'), at('directory')).kind).toBe('wrong-type');
});

it('resolve follows every link', () => {
  mkdirSync(at('a'));
  writeFileSync(at('a/x'), '');
  symlinkSync('a', at('b'));
  symlinkSync('../b/x', at('a/y'));
  symlinkSync('z', at('a/z'));
  expect(documents.resolve(at('b/y'))).toEqual({ kind: 'path', path: at('a/x') });
  expect(documents.resolve(at('b/none')).kind).toBe('absent');
  expect(documents.resolve(at('b/z')).kind).toBe('wrong-type');
});

describe.each([
  ['Node', () => ({ port: documents, at })],
  [
    'memory',
    () => {
      const { disk, files } = new MemoryMachine();
      files.makeDirectory('/home');
      return { port: new MemoryDocuments(disk, 1_000), at: (name: string) => `/home/${name}` };
    },
  ],
])('the port alone, on %s', (_, host) => {
  it('a draft is created, published and replaced', () => {
    const { port, at: file } = host();
    expect(port.create(file('a'), { text: 'ä', mode: 0o640 })).toEqual({ kind: 'done' });
    expect(port.read(file('a'))).toMatchObject({ kind: 'document', document: { text: 'ä', mode: 0o640 } });
    expect(port.create(file('a'), { text: '', mode: 0o600 }).kind).toBe('occupied');
    expect(port.publish(file('a'), file('b'))).toEqual({ kind: 'done' });
    expect(port.read(file('a')).kind).toBe('absent');
    port.create(file('c'), { text: 'c', mode: 0o600 });
    expect(port.publish(file('c'), file('b')).kind).toBe('occupied');
    expect(port.replace(file('c'), file('b'))).toEqual({ kind: 'done' });
    expect(port.read(file('b'))).toMatchObject({ document: { text: 'c' } });
    expect(port.resolve(file('b'))).toEqual({ kind: 'path', path: file('b') });
    expect(port.resolve(file('a')).kind).toBe('absent');
    expect(port.read(file('b/x')).kind).toBe('wrong-type');
  });
});
