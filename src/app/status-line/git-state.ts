/** What a line says about git. The answers for a few repositories are kept. */

import type { Complaint } from '../texts/complaint.js';
import { LINE_TROUBLE } from '../texts/status-line-text.js';
import { type Answer, CachedStatus } from './cached-status.js';
import type { Environment } from './git.js';
import type { GitStatus } from './porcelain.js';
import { findRepository, type Head, type Repository, readHead } from './repository.js';

/** Beyond that, lines have to wait for git now and then. */
const REPOSITORIES_MAX = 16;

/** In order of use, the latest last. */
const kept = new Map<string, CachedStatus>();

export interface GitState {
  readonly root: string;
  readonly head: Head;
  /** Undefined if git could not be asked. */
  readonly status: GitStatus | undefined;
  readonly operation: string | undefined;
  readonly complaint: Complaint | undefined;
}

/**
 * @param directory a real path
 * @param limitMs how long to wait for git
 * @returns undefined outside every repository
 */
export async function gitStateOf(
  directory: string,
  env: Environment,
  limitMs: number,
): Promise<GitState | undefined> {
  const repository = findRepository(directory);
  if (repository === undefined) return undefined;
  const answer = await cachedStatus(repository).read(env, limitMs);
  const { operation } = answer;
  const { root } = repository;
  switch (answer.kind) {
    case 'status':
      return { root, head: answer.status, status: answer.status, operation, complaint: undefined };
    case 'no-git':
    case 'slow':
    case 'refused':
      return {
        root,
        head: readHead(repository),
        status: undefined,
        operation,
        complaint: complaintOf(answer),
      };
  }
}

function complaintOf(answer: Exclude<Answer, { kind: 'status' }>): Complaint {
  switch (answer.kind) {
    case 'no-git':
      return LINE_TROUBLE.noGit(answer.cause);
    case 'slow':
      return LINE_TROUBLE.slowGit(answer.afterMs);
    case 'refused':
      return LINE_TROUBLE.git(answer.said);
  }
}

function cachedStatus(repository: Repository): CachedStatus {
  const key = `${repository.root}\0${repository.gitDirectory}`;
  const found = kept.get(key) ?? new CachedStatus(repository);
  kept.delete(key);
  kept.set(key, found);
  const [oldest] = kept;
  if (oldest !== undefined && kept.size > REPOSITORIES_MAX) {
    kept.delete(oldest[0]);
    oldest[1].letGo();
  }
  return found;
}
