/** Finds a repository, and reads what can be known about it without starting git. */

import fs from 'node:fs';
import path from 'node:path';

export interface Repository {
  /** Top directory of the work tree. */
  readonly root: string;
  /**
   * The directory of HEAD and the index. For a linked worktree or a submodule it is outside the work tree.
   */
  readonly gitDirectory: string;
  /** The directory of the refs. A linked worktree uses the main one's. */
  readonly commonDirectory: string;
}

/** @param directory a real path */
export function findRepository(directory: string): Repository | undefined {
  for (let at = directory; ; at = path.dirname(at)) {
    const found = repositoryAt(at);
    if (found !== undefined || path.dirname(at) === at) return found;
  }
}

/** @returns undefined if the directory is not the top of a work tree */
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

/** Paths are shorter. */
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

/** What HEAD says, for the case that git can't be asked. */
export function readHead({ gitDirectory }: Repository): Head {
  const line = readLine(path.join(gitDirectory, 'HEAD')) ?? '';
  const [, branch] = /^ref: refs\/heads\/(.+)$/.exec(line) ?? [];
  const commit = /^[0-9a-f]{40,64}$/.test(line) ? line : undefined;
  return { branch, commit };
}

/** Files that exist while an operation is under way. Git's own prompt looks for them too. */
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

/** Nearly every change that git would report rewrites one of these files. */
const STAMPED = ['HEAD', 'index', path.join('logs', 'HEAD')];

/** Differs after a commit, a checkout or an add. Takes a few system calls. */
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
