import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import type net from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { MemoryMachine } from '../../src/adapters/memory/memory-machine.js';
import { nodeFileSystem } from '../../src/adapters/node/files/file-system.js';
import { NodeListener } from '../../src/adapters/node/sockets/listener.js';
import { NodeSocketProbe } from '../../src/adapters/node/sockets/socket-probe.js';
import type { FileSystem } from '../../src/ports/file-system.js';
import type { Listener } from '../../src/ports/listener.js';
import type { GreetReading, SocketProbe } from '../../src/ports/socket-probe.js';

/** A process that listens, and can be dealt with as the system deals with processes. */
export interface Daemon {
  stop(): Promise<void>;
  resume(): Promise<void>;
  kill(): Promise<void>;
}

export interface DaemonPlan {
  readonly path: string;
  readonly backlog?: number;
  /** Whether a caller that says something gets an answer. */
  readonly answers: 'accepted' | 'nothing';
}

export interface SocketHost {
  readonly root: string;
  readonly files: FileSystem;
  /** A probe of its own, as in a process of its own. */
  probe(): SocketProbe;
  /** A listener of its own, as in a process of its own that ends with the test. */
  listener(): Listener;
  /** A process that listens by the time that this resolves. */
  daemon(plan: DaemonPlan): Promise<Daemon>;
  /** Waits for what takes time here. */
  wait<T>(awaited: Promise<T>): Promise<T>;
  dispose(): Promise<void>;
}

export async function memorySocketHost(): Promise<SocketHost> {
  const machine = new MemoryMachine();
  const root = '/work';
  machine.files.makeDirectory(root);
  return {
    root,
    files: machine.files,
    probe: () => machine.start().ports.probe,
    listener: () => machine.start().ports.listener,
    daemon: async ({ path: at, backlog = 511, answers }) => {
      const daemon = machine.start({ backlog });
      daemon.serve({ kind: answers === 'accepted' ? 'accepted' : 'silent' });
      await daemon.ports.listener.listen(at);
      return {
        stop: async () => daemon.stop(),
        resume: async () => daemon.resume(),
        kill: async () => daemon.kill(),
      };
    },
    wait: (awaited) => machine.clock.finish(awaited),
    dispose: async () => {},
  };
}

export async function nodeSocketHost(): Promise<SocketHost> {
  // Short, whatever TMPDIR says: a socket's path has little room.
  const root = fs.mkdtempSync('/tmp/solod-');
  const children: ChildProcess[] = [];
  const probes: NodeSocketProbe[] = [];
  const listeners: NodeListener[] = [];
  return {
    root,
    files: nodeFileSystem(),
    probe: () => kept(probes, new NodeSocketProbe(sayAndHear)),
    listener: () => kept(listeners, new NodeListener()),
    daemon: (plan) => startDaemon(plan, children),
    wait: (awaited) => awaited,
    dispose: async () => {
      for (const probe of probes) probe.drop();
      for (const listener of listeners) await listener.close();
      for (const child of children) await end(child);
      fs.rmSync(root, { recursive: true, force: true });
    },
  };
}

function kept<T>(all: T[], one: T): T {
  all.push(one);
  return one;
}

/** Any word is `accepted`: what is tried here are sockets, not what is spoken on them. */
function sayAndHear(socket: net.Socket, withinMs: number): Promise<GreetReading> {
  // Cut off since it was made: that event has passed.
  if (socket.destroyed) return Promise.resolve({ kind: 'ended' });
  return new Promise((resolve) => {
    const timer = setTimeout(() => settle({ kind: 'silent' }), withinMs);
    const settle = (reading: GreetReading): void => {
      clearTimeout(timer);
      resolve(reading);
    };
    socket.once('data', () => settle({ kind: 'accepted' })).once('close', () => settle({ kind: 'ended' }));
    socket.write('hello\n');
  });
}

const DAEMON = `
  const [path, backlog, answers] = process.argv.slice(1);
  const server = require('node:net').createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', () => { if (answers === 'accepted') socket.write('accepted\\n'); });
  });
  server.listen({ path, backlog: Number(backlog) }, () => process.stdout.write('listens'));
`;

async function startDaemon(plan: DaemonPlan, children: ChildProcess[]): Promise<Daemon> {
  const args = ['-e', DAEMON, plan.path, String(plan.backlog ?? 511), plan.answers];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  await once(child.stdout, 'data');
  return {
    stop: async () => {
      child.kill('SIGSTOP');
      // The signal stops it somewhat later than kill(2) returns.
      while (!isStopped(child.pid)) await delay(1);
    },
    resume: async () => {
      child.kill('SIGCONT');
    },
    kill: () => end(child),
  };
}

function isStopped(pid: number | undefined): boolean {
  const stat = fs.readFileSync(path.join('/proc', String(pid), 'stat'), 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
