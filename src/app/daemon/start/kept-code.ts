/**
 * Solod's own code as V8 has compiled it, in the directory of the name, where nobody else can write. It saves
 * the next daemon a fifth of its start. Node's cache can't hold it: that is enabled after the claim, when
 * most of solod is loaded, and Node 20 has none.
 */

import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';
import { crc32 } from 'node:zlib';
import { NAMES } from '../../../domain/place/layout.js';
import { siblingFile } from '../../environment/bundle-files.js';

/** What this process leaves for the next one. */
export interface KeptCode {
  /** Its file in the directory of the compile cache. */
  readonly name: string;
  /** To be called when what a start runs has been compiled. Does nothing if the next one finds it already. */
  leaveIn(directory: string): void;
}

export interface KeptBundle<Exports> {
  readonly exports: Exports;
  readonly code: KeptCode;
}

/** Stands in a file name between release and processor, and the checksum of the bundle. */
const MARK = '-solod-';

/** Whether a file in the directory of the compile cache has code of solod. */
export const isKeptCode = (name: string): boolean => name.includes(MARK);

/**
 * Loads a bundle as `require` does.
 * @param name file name of the bundle. Its text is ASCII: a function with the parameters of a CommonJS module
 * @param directory of the daemon's name; undefined if nothing is kept
 * @param load `require` of a module beside it
 */
export function loadKept<Exports>(
  name: string,
  directory: string | undefined,
  load: NodeJS.Require,
): KeptBundle<Exports> {
  const filename = siblingFile(name);
  const bytes = readFileSync(filename);
  const own = `${process.version}-${process.arch}${MARK}${crc32(bytes).toString(16)}`;
  const cachedData = directory === undefined ? undefined : readKept(directory, own);
  const script = new Script(bytes.toString('latin1'), { filename, cachedData });
  const module = { exports: {} as Exports };
  script.runInThisContext()(module.exports, load, module, filename, dirname(filename));
  const isKept = cachedData !== undefined && script.cachedDataRejected === false;
  const leaveIn = (into: string): void => {
    if (!isKept) leave(into, own, script.createCachedData());
  };
  return { exports: module.exports, code: { name: own, leaveIn } };
}

/** A checksum stands before the compiled code: V8 does not notice a damaged file. */
const SUM_BYTES = 4;

function readKept(directory: string, own: string): Buffer | undefined {
  try {
    const cache = join(directory, NAMES.compileCache);
    if (![directory, cache].every((level) => isClosed(lstatSync(level), 'directory'))) return undefined;
    const descriptor = openSync(join(cache, own), constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      if (!isClosed(fstatSync(descriptor), 'file')) return undefined;
      const bytes = readFileSync(descriptor);
      const data = bytes.subarray(SUM_BYTES);
      return crc32(data) === bytes.readUInt32LE(0) ? data : undefined;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // There is none yet.
    return undefined;
  }
}

/** Whether it is this user's, and nobody else can write to it. */
const isClosed = (seen: Stats, type: 'directory' | 'file'): boolean =>
  (type === 'file' ? seen.isFile() : seen.isDirectory()) &&
  seen.uid === process.getuid?.() &&
  (seen.mode & 0o022) === 0;

/** By a rename: another daemon that starts meanwhile reads the whole file or none. */
function leave(directory: string, own: string, data: Buffer): void {
  const sum = Buffer.alloc(SUM_BYTES);
  sum.writeUInt32LE(crc32(data));
  const temporary = join(directory, `${own}.${process.pid}`);
  try {
    makeUnlessThere(directory);
    writeFileSync(temporary, Buffer.concat([sum, data]), { mode: 0o600, flag: 'wx' });
    renameSync(temporary, join(directory, own));
  } catch {
    // The next daemon compiles again.
    rmSync(temporary, { force: true });
  }
}

/** Without its parents: a daemon whose directory has been removed must not bring it back. */
function makeUnlessThere(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch {
    // Another daemon made it, or what is written into it fails, too.
  }
}
