/**
 * The memory platform: what a process of a memory machine needs to run solod, with no file, socket, process
 * or timer of the system.
 */

import type { Duplex } from 'node:stream';
import { MemoryDocuments } from '../../adapters/memory/files/documents.js';
import type { MemoryProcess, Surroundings } from '../../adapters/memory/memory-process.js';
import { join, NAMES } from '../../domain/place/layout.js';
import { causeIn } from '../../domain/procedure/cause.js';
import type { FileSystem } from '../../ports/file-system.js';
import type { ChangeReading, Done, Failed } from '../../ports/readings.js';
import {
  nameFromPath,
  ownNameIn,
  ownVersionIn,
  type Resolved,
  type ServiceFile,
} from '../service/service-file.js';
import type { Host, LogText, SystemFacts } from './host.js';

const HOME = '/home/user';
const NAMESPACE = 'memory';
/** linux/magic.h: TMPFS_MAGIC. */
const TMPFS = 0x01021994;
const PLENTY = 2 ** 40;

/** The host of one process of a memory machine, for `createSolod`. A call throws once the process is dead. */
export function memoryHost(process: MemoryProcess): Host<Duplex> {
  const { machine } = process;
  makeHome(process);
  const { clock, files } = process.ports;
  const { userId, env, program, processes } = process;
  const documents = new MemoryDocuments(machine.disk, userId);
  const realPath = (path: string): string | undefined => {
    const found = documents.resolve(path);
    return found.kind === 'path' ? found.path : undefined;
  };
  return {
    clock,
    files,
    documents,
    processes,
    platform: machine.platform,
    unsupported: undefined,
    userId,
    env,
    program,
    node: '/usr/bin/node',
    daemonProgram: () => '/usr/lib/solod/daemon.cjs',
    directory: () => '/',
    home: () => HOME,
    realPath,
    scope: () => ({ boot: NAMESPACE, ids: NAMESPACE }),
    machine: () => ({ machine: NAMESPACE, bootedMs: 0, wallMs: clock.now().wallMs }),
    copyFile: (from, to) => copyText(files, from, to),
    nonce: () => process.nonce(),
    probe: (greeter) => process.probe(greeter),
    listener: () => process.serving(),
    spawner: (target) => process.spawner(target),
    ledger: (directory) => process.ledger(directory),
    startChannel: () => ({ descriptor: undefined, say: (word) => process.say(word) }),
    findService: (asked) => findService(machine, asked, realPath(asked)),
    bindOnce: async () => undefined,
    work: { look: () => ({ kind: 'hidden' }) },
    warn: (line) => process.print(`${line}\n`),
    held: (ports) => process.calls.on(ports),
    watchLog: () => {},
    system: factsOf(machine),
    logReader: (directory) => logText(machine, join(directory, NAMES.log)),
  };
}

function makeHome({ machine: { disk }, userId }: MemoryProcess): void {
  for (const [path, owner, mode] of [
    ['/home', 0, 0o755],
    [HOME, userId, 0o700],
  ] as const)
    if (disk.find(path, 'keep', 'stat').inode === undefined)
      disk.create(path, { type: 'directory', userId: owner, mode }, 'mkdir');
}

function copyText(files: FileSystem, from: string, to: string): void {
  const read = files.readText(from);
  if (read.kind === 'text') files.createFile(to, read.text);
}

function findService({ disk }: Surroundings, asked: string, path: string | undefined): Resolved<ServiceFile> {
  const inode = path === undefined ? undefined : disk.find(path, 'keep', 'stat').inode;
  if (path === undefined || inode?.type !== 'file')
    return { kind: 'failed', failure: { kind: 'service-missing', path: asked } };
  const bytes = disk.read(path);
  const text = bytes.toString('utf8');
  const { modifiedMs } = inode;
  const edition = { version: ownVersionIn(text) ?? '', path, size: bytes.length, modifiedMs };
  return { kind: 'resolved', value: { path, name: ownNameIn(text) ?? nameFromPath(path), edition, text } };
}

function logText(machine: Surroundings, path: string): LogText {
  let read = 0;
  const text = (): string | undefined => {
    const found = machine.disk.find(path, 'keep', 'open');
    return found.inode?.type === 'file' ? machine.disk.read(path).toString('latin1') : undefined;
  };
  const from = (offset: number): string | undefined => {
    const whole = text();
    read = whole?.length ?? 0;
    return whole?.slice(offset);
  };
  return { whole: () => from(0), more: () => from(read) ?? '' };
}

function factsOf(machine: Surroundings): SystemFacts {
  const namespace = { kind: 'known', value: NAMESPACE } as const;
  return {
    storageOf: () => ({
      kind: 'storage',
      type: TMPFS,
      freeBytes: PLENTY,
      inodes: PLENTY,
      freeInodes: PLENTY,
    }),
    networkNamespaceOf: () => namespace,
    sightProcess: (pid) => ({
      environment: { kind: 'known', value: machine.process(pid)?.env ?? {} },
      networkNamespace: namespace,
      signal: { kind: machine.lookUp(pid).kind === 'gone' ? 'gone' : 'allowed' },
    }),
    tryAppend: (path) => appendable(machine.files.appendText(path, '')),
    cleaners: () => ({ tmpfiles: [], daily: [] }),
  };
}

/** The first writer creates a missing file. */
function appendable(reading: ChangeReading): Done | Failed {
  if (reading.kind === 'done' || reading.kind === 'absent') return { kind: 'done' };
  return { kind: 'failed', cause: causeIn(reading) };
}
