/** What procedures rely on in a file system. */

import type { EntryType, FileSystem } from '../../ports/file-system.js';
import { type Checks, expect } from './check.js';

export const FILES: Checks = {
  'a directory is made once': ({ files }, at) => {
    expect(files.makeDirectory(at('d')), 'done', 'makeDirectory');
    expect(files.makeDirectory(at('d')), 'occupied', 'makeDirectory of what is there');
    expect(files.makeDirectory(at('none/d')), 'absent', 'makeDirectory below nothing');
    expect(files.makeDirectories(at('a/b/c')), 'done', 'makeDirectories');
    expect(files.makeDirectories(at('a/b/c')), 'done', 'makeDirectories of what is there');
  },
  'a file is created once, with its text': ({ files }, at) => {
    expect(files.createFile(at('f'), 'text'), 'done', 'createFile');
    expect(files.createFile(at('f'), 'other'), 'occupied', 'createFile of what is there');
    expectText(files, at('f'), 'text');
    expect(files.createFile(at('none/f'), ''), 'absent', 'createFile below nothing');
  },
  'what was removed is not brought back by appending': ({ files }, at) => {
    expect(files.appendText(at('f'), 'line'), 'absent', 'appendText to nothing');
    expect(files.readText(at('f')), 'absent', 'readText of nothing');
  },
  'a rename refuses a directory that is not empty': ({ files }, at) => {
    for (const name of ['one', 'two']) {
      files.makeDirectory(at(name));
      files.createFile(at(`${name}/of`), name);
    }
    expect(files.rename(at('two'), at('one')), 'occupied', 'rename onto a full directory');
    for (const name of ['one', 'two']) expectText(files, at(`${name}/of`), name);
  },
  'a rename publishes a directory with all that is in it': ({ files }, at) => {
    files.makeDirectory(at('private'));
    files.createFile(at('private/of'), 'text');
    expect(files.rename(at('private'), at('public')), 'done', 'rename');
    expect(files.readText(at('public/of')), 'text', 'readText by the new name');
    expect(files.inspect(at('private')), 'absent', 'inspect of the old name');
    expect(files.rename(at('private'), at('public')), 'absent', 'rename of nothing');
  },
  'a rename replaces an empty directory, and a file': ({ files }, at) => {
    for (const name of ['full', 'empty']) files.makeDirectory(at(name));
    files.createFile(at('full/of'), '');
    expect(files.rename(at('full'), at('empty')), 'done', 'rename onto an empty directory');
    for (const name of ['new', 'old']) files.createFile(at(name), name);
    expect(files.rename(at('new'), at('old')), 'done', 'rename onto a file');
    expectText(files, at('old'), 'new');
  },
  'removing asks for the right type': ({ files }, at) => {
    files.makeDirectory(at('d'));
    expect(files.removeFile(at('d')), 'wrong-type', 'removeFile of a directory');
    files.createFile(at('d/f'), '');
    expect(files.removeDirectory(at('d')), 'occupied', 'removeDirectory of a full one');
    expect(files.removeFile(at('d/f')), 'done', 'removeFile');
    expect(files.removeFile(at('d/f')), 'absent', 'removeFile of nothing');
    expect(files.removeDirectory(at('d')), 'done', 'removeDirectory');
    expect(files.removeTree(at('d')), 'done', 'removeTree of nothing');
  },
  'a rename refuses what is of another type': ({ files }, at) => {
    files.makeDirectory(at('d'));
    files.createFile(at('f'), 'text');
    expect(files.rename(at('f'), at('d')), 'wrong-type', 'rename of a file onto a directory');
    expect(files.rename(at('d'), at('f')), 'wrong-type', 'rename of a directory onto a file');
    expectText(files, at('f'), 'text');
    expect(files.list(at('d')), 'names', 'list of the directory');
  },
  'text is appended at the end': ({ files }, at) => {
    files.createFile(at('f'), 'one ');
    expect(files.appendText(at('f'), 'two'), 'done', 'appendText');
    expectText(files, at('f'), 'one two');
  },
  'what is in a directory is listed, and has a type': ({ files }, at) => {
    files.makeDirectory(at('d'));
    files.createFile(at('d/f'), '');
    files.makeDirectory(at('d/e'));
    const listed = files.list(at('d'));
    if (listed.kind !== 'names' || [...listed.names].sort().join() !== 'e,f')
      throw new Error(`list: ${JSON.stringify(listed)}`);
    expect(files.list(at('none')), 'absent', 'list of nothing');
    expect(files.list(at('d/f')), 'wrong-type', 'list of a file');
    expectType(files, at('d/f'), 'file');
    expectType(files, at('d/e'), 'directory');
    expect(files.readText(at('d')), 'wrong-type', 'readText of a directory');
  },
  'a tree is removed with all that is in it, and nothing else': ({ files }, at) => {
    files.makeDirectories(at('tree/a/b'));
    files.createFile(at('tree/a/b/f'), '');
    files.createFile(at('trees'), '');
    expect(files.removeTree(at('tree')), 'done', 'removeTree');
    expect(files.inspect(at('tree')), 'absent', 'inspect of a tree that was removed');
    expectType(files, at('trees'), 'file');
  },
};

/** Daemons on Windows have no link. */
export const LINKS: Checks = {
  'a link is made once, is followed, and is replaced and removed itself': ({ files, platform }, at) => {
    if (platform === 'win32') return;
    for (const name of ['1', '2']) {
      files.makeDirectory(at(name));
      files.createFile(at(`${name}/of`), name);
    }
    expect(files.makeLink('1', at('current')), 'done', 'makeLink');
    expect(files.makeLink('2', at('current')), 'occupied', 'makeLink of what is there');
    expectText(files, at('current/of'), '1');
    files.makeLink('2', at('next'));
    expect(files.rename(at('next'), at('current')), 'done', 'rename onto a link');
    expectText(files, at('current/of'), '2');
    expectType(files, at('current'), 'link');
    expect(files.removeFile(at('current')), 'done', 'removeFile of a link');
    expectText(files, at('2/of'), '2');
  },
  'a link that leads nowhere is there': ({ files, platform }, at) => {
    if (platform === 'win32') return;
    files.makeLink('none', at('link'));
    const read = files.readLink(at('link'));
    if (read.kind !== 'target' || read.target !== 'none')
      throw new Error(`readLink: ${JSON.stringify(read)}`);
    expect(files.createFile(at('link'), ''), 'occupied', 'createFile where a link is');
    expect(files.makeDirectory(at('link')), 'occupied', 'makeDirectory where a link is');
    expect(files.readLink(at('else')), 'absent', 'readLink of nothing');
    files.createFile(at('f'), '');
    expect(files.readLink(at('f')), 'wrong-type', 'readLink of a file');
  },
};

function expectText(files: FileSystem, path: string, text: string): void {
  const read = files.readText(path);
  if (read.kind !== 'text' || read.text !== text)
    throw new Error(`readText: "${text}" was expected, and not ${JSON.stringify(read)}`);
}

function expectType(files: FileSystem, path: string, type: EntryType): void {
  const found = files.inspect(path);
  if (found.kind !== 'entry' || found.entry.type !== type)
    throw new Error(`inspect: a ${type} was expected, and not ${JSON.stringify(found)}`);
}
