/** Runs git, the only process that a status line starts. */

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Cause } from '../../ports/readings.js';
import { type GitStatus, parseStatus } from './porcelain.js';
import { shortCauseOf } from './stream-cause.js';

export type Environment = Readonly<Record<string, string | undefined>>;

export type StatusReading =
  | { readonly kind: 'status'; readonly status: GitStatus }
  /** Git could not be started. */
  | { readonly kind: 'no-git'; readonly cause: Cause }
  /** Git had not ended in time and was killed. */
  | { readonly kind: 'slow'; readonly afterMs: number }
  /** Git failed with this message. */
  | { readonly kind: 'refused'; readonly said: string };

/** Without locks, because a commit may run at the same time; without git's own daemon. */
const ARGUMENTS = [
  '--no-optional-locks',
  ...['-c', 'core.fsmonitor=false'],
  ...['status', '--porcelain=v2', '--branch', '--ignored=matching', '-z'],
];
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;
const ERROR_CHARACTERS_MAX = 2_000;

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** None of them outlives this process. */
const running = new Set<Child>();
process.on('exit', () => running.forEach(end));

/**
 * Never rejects.
 * @param root the top of a work tree
 * @param limitMs how long git may take; then it is killed, with all that it has started
 */
export async function runStatus(root: string, env: Environment, limitMs: number): Promise<StatusReading> {
  try {
    // A group of its own, so that it can be killed as a whole.
    const child = spawn('git', ARGUMENTS, {
      cwd: root,
      env: withoutGit(env),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    running.add(child);
    return await readStatus(child, limitMs).finally(() => running.delete(child));
  } catch (thrown) {
    return { kind: 'no-git', cause: shortCauseOf(thrown) };
  }
}

function readStatus(child: Child, limitMs: number): Promise<StatusReading> {
  return new Promise((resolve) => {
    const out: Buffer[] = [];
    let bytes = 0;
    let error = '';
    const finish = (reading: StatusReading): void => {
      clearTimeout(timer);
      end(child);
      resolve(reading);
    };
    const timer = setTimeout(() => finish({ kind: 'slow', afterMs: limitMs }), limitMs);
    child.stdout.on('data', (chunk: Buffer) => {
      out.push(chunk);
      bytes += chunk.length;
      if (bytes > OUTPUT_BYTES_MAX) finish({ kind: 'refused', said: 'too many changes to be told' });
    });
    child.stderr.on('data', (chunk: Buffer) => {
      error = (error + chunk.toString('utf8')).slice(0, ERROR_CHARACTERS_MAX);
    });
    child.once('error', (thrown) => finish({ kind: 'no-git', cause: shortCauseOf(thrown) }));
    child.once('close', (code, signal) => {
      const status = code === 0 ? parseStatus(Buffer.concat(out).toString('utf8')) : undefined;
      const said = error.trim() || `nothing, and ended with ${signal ?? code}`;
      finish(status === undefined ? { kind: 'refused', said } : { kind: 'status', status });
    });
  });
}

/** Variables such as GIT_DIR, which a hook has, would have it look at another repository. */
function withoutGit(env: Environment): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('GIT_')));
}

function end({ pid, exitCode, signalCode, stdout, stderr }: Child): void {
  stdout.destroy();
  stderr.destroy();
  // As long as Node has not reaped the child, the id is still its own.
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just ended by itself.
  }
}
