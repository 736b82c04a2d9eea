/** Shares a stdio MCP server from a program: what `solod share` does from a command line. */

import type { Readable, Writable } from 'node:stream';
import { DEFAULT_LIMITS } from '../../domain/share/messages/share-limits.js';
import type { DaemonWish } from '../environment/daemon-switch.js';
import { type Environment, workingDirectory } from '../environment/state-root.js';
import { callService } from '../library/call-service.js';
import { callerHost } from '../platforms/node-platform.js';
import { ShareClient, type ShareEnd } from './share-client.js';
import { IDLE_MS, type ShareOptions } from './share-options.js';

export type ShareStdioOptions = Partial<Omit<ShareOptions, 'command'>> & {
  /** The server's program, and its arguments. */
  readonly command: string;
  readonly args?: readonly string[] | undefined;
  /** Where the server runs; by default this process's directory. */
  readonly cwd?: string | undefined;
  /** What the server is given of, and told apart by; by default this process's environment. */
  readonly env?: Environment | undefined;
  /** What the client says, and what it is told: one JSON-RPC message a line. */
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stateDirectory?: string | undefined;
  readonly daemon?: DaemonWish | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Hears what a person should know. */
  readonly onNote?: ((text: string) => void) | undefined;
};

/**
 * A session with an MCP server that is shared with everybody who asks for the same. It goes on across the
 * death of server and broker, and ends when `stdin` does.
 *
 * @returns never rejects: every failure is a result
 */
export function shareStdio(options: ShareStdioOptions): Promise<ShareEnd> {
  const {
    command,
    args = [],
    cwd,
    env,
    stdin,
    stdout,
    stateDirectory,
    daemon,
    signal,
    onNote,
    ...own
  } = options;
  return new ShareClient({
    call: (request) => callService(callerHost(), request),
    options: { ...DEFAULT_OPTIONS, ...own, command: [command, ...args] },
    broker: 'common',
    env: env ?? process.env,
    cwd: cwd ?? workingDirectory(),
    stateDirectory,
    daemon,
    stdin,
    stdout,
    say: onNote ?? (() => {}),
    signal,
    hostIsGone: () => false,
  }).run();
}

const DEFAULT_OPTIONS: Omit<ShareOptions, 'command'> = {
  sharing: 'by-name',
  order: 'concurrent',
  from: 'same-directory',
  only: undefined,
  offered: [],
  idleMs: IDLE_MS,
  messageBytes: DEFAULT_LIMITS.messageBytes,
};
