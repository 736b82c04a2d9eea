import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { isStillThere } from '../../../src/app/service/same-service-file.js';
import { resolveService, type ServiceFile } from '../../../src/app/service/service-file.js';

function found(file: string): ServiceFile {
  const resolved = resolveService(file);
  if (resolved.kind === 'failed') throw new Error(resolved.failure.kind);
  return resolved.value;
}

/** Two directories with one file, under two names of one inode, and a link to the first directory. */
function place(): {
  readonly directory: string;
  readonly file: string;
  readonly linked: string;
} {
  const directory = mkdtempSync(path.join(tmpdir(), 'solod-same-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  for (const name of ['one', 'two']) mkdirSync(path.join(directory, name));
  const file = path.join(directory, 'one', 's.mjs');
  writeFileSync(file, 'export default () => 0;');
  linkSync(file, path.join(directory, 'two', 's.mjs'));
  symlinkSync('one', path.join(directory, 'link'));
  return { directory, file, linked: path.join(directory, 'link', 's.mjs') };
}

/** A file is not trusted to be the same right after its change. */
const isLaterThere = (asked: string, before: ServiceFile): boolean =>
  isStillThere(asked, before, Date.now() + 1_000);

it('is the same as long as nothing is changed', () => {
  const { file, linked } = place();
  expect(isLaterThere(file, found(file))).toBe(true);
  expect(isLaterThere(linked, found(linked))).toBe(true);
});

it.each<[what: string, change: (file: string) => void]>([
  ['is written to', (file) => writeFileSync(file, 'export default () => 1;')],
  [
    'is replaced by another with the same times',
    (file) => {
      writeFileSync(`${file}.new`, 'export default () => 1;');
      utimesSync(`${file}.new`, 1, 1);
      renameSync(`${file}.new`, file);
    },
  ],
  ['is removed', (file) => rmSync(file)],
])('is not the same once it %s', (_, change) => {
  const { file } = place();
  utimesSync(file, 1, 1);
  const before = found(file);
  expect(isLaterThere(file, before)).toBe(true);
  change(file);
  expect(isLaterThere(file, before)).toBe(false);
});

it('is not the same once a link leads to another name of the file', () => {
  const { directory, linked } = place();
  const before = found(linked);
  rmSync(path.join(directory, 'link'));
  symlinkSync('two', path.join(directory, 'link'));
  expect(isLaterThere(linked, before)).toBe(false);
});

it('is looked at again while its times say little', () => {
  const { file } = place();
  expect(isStillThere(file, found(file), statSync(file).ctimeMs + 40)).toBe(false);
  expect(isStillThere(file, found(file), statSync(file).ctimeMs + 60)).toBe(true);
});
