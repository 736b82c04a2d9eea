/** The machine that solod runs on, as everything else needs to know it. Read when asked for, never at import. */

import fs from 'node:fs';
import type { ServerOpts } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { nodeClock } from '../adapters/node/clock.js';
import { nodeFileSystem } from '../adapters/node/file-system.js';
import { NodeLedger } from '../adapters/node/ledger.js';
import { NodeListener } from '../adapters/node/listener.js';
import { NodeProcessTable } from '../adapters/node/process-table.js';
import { NodeSocketProbe } from '../adapters/node/socket-probe.js';
import { NodeSpawner, type SpawnTarget } from '../adapters/node/spawner.js';
import { nonceOf, type Platform } from '../domain/layout.js';
import type { Clock, FileSystem, ProcessTable } from '../domain/ports.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Node's adapters, and what is constant about this process. The one place where they are made. */
export class Host {
  readonly clock: Clock = nodeClock;
  readonly files: FileSystem = nodeFileSystem();
  readonly processes = new NodeProcessTable();

  get ports(): { readonly clock: Clock; readonly files: FileSystem; readonly processes: ProcessTable } {
    return { clock: this.clock, files: this.files, processes: this.processes };
  }

  probe(greeter?: ConstructorParameters<typeof NodeSocketProbe>[0]): NodeSocketProbe {
    return new NodeSocketProbe(greeter);
  }

  listener(options?: ServerOpts): NodeListener {
    return new NodeListener(options);
  }

  spawner(target: SpawnTarget): NodeSpawner {
    return new NodeSpawner(target, this.processes, this.clock);
  }

  /** @param directory the directory of a name */
  ledger(directory: string): NodeLedger {
    return new NodeLedger(directory, this.processes);
  }

  /** A new one at every call. */
  nonce(): string {
    return nonceOf(process.pid, Math.random().toString(36).slice(2, 10).padEnd(8, '0'));
  }

  get userId(): number {
    return process.getuid?.() ?? 0;
  }

  /** Whose rules whoever only looks goes by. Where solod does not run there is nothing to see. */
  get platform(): Platform {
    return platformOf() ?? 'linux';
  }
}

/** @returns undefined where solod does not run: on Windows, above all, where sockets have no such names */
export function platformOf(): Platform | undefined {
  return process.platform === 'linux' || process.platform === 'darwin' ? process.platform : undefined;
}

/**
 * The directory that holds the directories of all names: `$SOLOD_DIR`, else `$XDG_RUNTIME_DIR/solod`, else
 * `$XDG_STATE_HOME/solod`, else `~/.local/state/solod`. A relative XDG directory is ignored, as the XDG Base Directory
 * Specification demands; a relative `$SOLOD_DIR` counts from the working directory.
 */
export function stateRoot(env: Environment): string {
  const { SOLOD_DIR, XDG_RUNTIME_DIR, XDG_STATE_HOME } = env;
  if (SOLOD_DIR) return path.resolve(SOLOD_DIR);
  for (const base of [XDG_RUNTIME_DIR, XDG_STATE_HOME])
    if (base && path.isAbsolute(base)) return path.join(base, 'solod');
  return path.join(env.HOME || os.homedir(), '.local', 'state', 'solod');
}

/** @returns undefined where there is no such file */
export function realPath(file: string): string | undefined {
  try {
    return fs.realpathSync.native(path.resolve(file));
  } catch {
    return undefined;
  }
}
