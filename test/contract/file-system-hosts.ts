import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { MemoryMachine } from '../../src/adapters/memory/memory-machine.js';
import { nodeFileSystem } from '../../src/adapters/node/files/file-system.js';
import type { FileSystem } from '../../src/ports/file-system.js';

/** What the suite needs beside the file system itself. */
export interface FileSystemHost {
  readonly files: FileSystem;
  /** An empty directory, mode 0755, that is the test's own. */
  readonly root: string;
  readonly userId: number;
  wallMs(): number;
  /** What no port can make. */
  plant(type: 'socket' | 'other', path: string): Promise<void>;
  chmod(path: string, mode: number): void;
  /** A call that its user may not make: `directory` may be searched and not written to. */
  denied<T>(directory: string, act: () => T): T;
  dispose(): Promise<void>;
}

export function memoryFileSystemHost(): Promise<FileSystemHost> {
  const userId = 1_000;
  const machine = new MemoryMachine({ userId });
  const { files } = machine.start().ports;
  const root = '/work';
  machine.disk.create(root, { type: 'directory', userId, mode: 0o755 });
  const denied = <T>(_: string, act: () => T): T => {
    const lift = machine.faults.plant({ method: 'createFile', code: 'EACCES' });
    try {
      return act();
    } finally {
      lift();
    }
  };
  return Promise.resolve({
    files,
    root,
    userId,
    wallMs: () => machine.clock.now().wallMs,
    plant: async (type, at) => {
      machine.disk.create(at, { type, userId, mode: 0o600 });
    },
    chmod: (at, mode) => {
      machine.disk.get(at, 'keep', 'chmod').mode = mode;
    },
    denied,
    dispose: async () => {},
  });
}

export function nodeFileSystemHost(): Promise<FileSystemHost> {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'solod-fs-'));
  fs.chmodSync(root, 0o755);
  const servers: net.Server[] = [];
  return Promise.resolve({
    files: nodeFileSystem(),
    root,
    userId: process.getuid?.() ?? 0,
    wallMs: Date.now,
    plant: async (type, at) => {
      if (type === 'other') execFileSync('mkfifo', [at]);
      else servers.push(await listening(at));
    },
    chmod: (at, mode) => fs.chmodSync(at, mode),
    denied: (directory, act) => {
      fs.chmodSync(directory, 0o555);
      return asOrdinaryUser(act);
    },
    dispose: async () => {
      for (const server of servers) server.close();
      fs.rmSync(root, { recursive: true, force: true });
    },
  });
}

function listening(at: string): Promise<net.Server> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject).listen(at, () => resolve(server));
  });
}

const NOBODY = 65_534;

/** Root is refused nothing, so the call runs as another user. */
export function asOrdinaryUser<T>(act: () => T): T {
  if (process.geteuid?.() !== 0) return act();
  process.seteuid?.(NOBODY);
  try {
    return act();
  } finally {
    process.seteuid?.(0);
  }
}

/** In a worker thread a process can change neither its user nor its umask. */
export const canChangeProcess = isMainThread;

export function underUmask<T>(mask: number, act: () => T): T {
  const before = process.umask(mask);
  try {
    return act();
  } finally {
    process.umask(before);
  }
}
