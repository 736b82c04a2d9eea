/**
 * Where a repository is, and what can be told of it without asking git: no process is started for any of
 * this.
 */

import fs from 'node:fs';
import path from 'node:path';

export interface Repository {
  /** The top of the work tree. */
  readonly root: string;
  /** Where HEAD and the index are: of a linked worktree or a submodule this is elsewhere. */
  readonly gitDirectory: string;
  /** Where refs are; of a linked worktree it is the main one's. */
  readonly commonDirectory: string;
}

/** @param directory a real path */
export function findRepository(directory: string): Repository | undefined {
  for (let at = directory; ; at = path.dirname(at)) {
    const found = repositoryAt(at);
    if (found !== undefined || path.dirname(at) === at) return found;
  }
}

/** @returns undefined where a directory is not itself the top of a work tree */
export function repositoryAt(root: string): Repository | undefined {
  const gitDirectory = gitDirectoryAt(path.join(root, '.git'));
  if (gitDirectory === undefined || !fs.existsSync(path.join(gitDirectory, 'HEAD'))) return undefined;
  const common = readLine(path.join(gitDirectory, 'commondir'));
  return {
    root,
    gitDirectory,
    commonDirectory: common === undefined ? gitDirectory : path.resolve(gitDirectory, common),
  };
}

/** A directory, or a file that names one (gitrepository-layout(5)). */
function gitDirectoryAt(entry: string): string | undefined {
  if (isDirectory(entry)) return entry;
  const [, named] = /^gitdir: (.+)$/.exec(readLine(entry) ?? '') ?? [];
  return named === undefined ? undefined : path.resolve(path.dirname(entry), named);
}

function isDirectory(file: string): boolean {
  try {
    return fs.statSync(file).isDirectory();
  } catch {
    return false;
  }
}

/** No path is longer. */
const LINE_BYTES_MAX = 8 * 1024;

/** The first line of a short file. */
function readLine(file: string): string | undefined {
  try {
    const stat = fs.statSync(file);
    if (!stat.isFile() || stat.size > LINE_BYTES_MAX) return undefined;
    return /^[^\r\n]+/.exec(fs.readFileSync(file, 'utf8'))?.[0];
  } catch {
    return undefined;
  }
}

export interface Head {
  readonly branch: string | undefined;
  readonly commit: string | undefined;
}

/** What HEAD says by itself, where git can't be asked. */
export function readHead({ gitDirectory }: Repository): Head {
  const line = readLine(path.join(gitDirectory, 'HEAD')) ?? '';
  const [, branch] = /^ref: refs\/heads\/(.+)$/.exec(line) ?? [];
  const commit = /^[0-9a-f]{40,64}$/.test(line) ? line : undefined;
  return { branch, commit };
}

/**
 * What begins an operation leaves one of these, and takes it away at its end (as git's own prompt looks for
 * them).
 */
const OPERATIONS: readonly (readonly [file: string, operation: string])[] = [
  ['rebase-merge', 'rebase'],
  ['rebase-apply/applying', 'am'],
  ['rebase-apply', 'rebase'],
  ['MERGE_HEAD', 'merge'],
  ['CHERRY_PICK_HEAD', 'cherry-pick'],
  ['REVERT_HEAD', 'revert'],
  ['BISECT_LOG', 'bisect'],
];

export function operationIn({ gitDirectory }: Repository): string | undefined {
  return OPERATIONS.find(([file]) => fs.existsSync(path.join(gitDirectory, file)))?.[1];
}

/** Nearly everything that changes what git says of a repository rewrites one of these. */
const STAMPED = ['HEAD', 'index', path.join('logs', 'HEAD')];

/** Another one after a commit, a checkout or an add; a few system calls. */
export function stampOf({ gitDirectory }: Repository): string {
  return STAMPED.map((file) => stampOfFile(path.join(gitDirectory, file))).join();
}

function stampOfFile(file: string): string {
  try {
    const { ino, size, mtimeNs } = fs.statSync(file, { bigint: true });
    return `${ino}:${size}:${mtimeNs}`;
  } catch {
    return '';
  }
}

export function isThere({ gitDirectory }: Repository): boolean {
  return fs.existsSync(path.join(gitDirectory, 'HEAD'));
}
