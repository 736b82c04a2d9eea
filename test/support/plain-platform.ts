/**
 * A third platform, made of plain maps: added as docs/platforms.md says, without a change in `src/domain`. It
 * knows no faults, no backlog and no users, and its clock is the number of calls that were made.
 */

import path from 'node:path';
import { type Duplex, duplexPair } from 'node:stream';
import { LOCK_VARIABLE, type SpawnTarget } from '../../src/adapters/spawn-target.js';
import type { Host } from '../../src/app/platforms/host.js';
import type { LedgerEntry } from '../../src/domain/lifecycle/start-ledger.js';
import type { Documents } from '../../src/ports/documents.js';
import type { Entry, FileSystem } from '../../src/ports/file-system.js';
import type { ChangeReading } from '../../src/ports/readings.js';
import type { ChildReading } from '../../src/ports/spawner.js';

const DONE = { kind: 'done' } as const;
const ABSENT = { kind: 'absent' } as const;
const OCCUPIED = { kind: 'occupied' } as const;
const WRONG_TYPE = { kind: 'wrong-type' } as const;

type Item = { -readonly [K in keyof Entry]: Entry[K] } & { text: string; accept?: (stream: Duplex) => void };
type Program = (host: Host<Duplex>) => void;

/** One machine: its files by path, its processes by id, its programs by the word that starts them. */
export class PlainMachine {
  readonly items = new Map<string, Item>();
  readonly processes = new Map<number, 'running' | 'gone'>();
  readonly programs = new Map<string, Program>();
  readonly starts: string[] = [];
  readonly #entries: LedgerEntry[] = [];
  #ticks = 0;

  constructor() {
    this.put('/', 'directory', '');
  }

  put(at: string, type: Entry['type'], text: string): Item {
    const item = {
      type,
      text,
      userId: 1,
      mode: type === 'directory' ? 0o700 : 0o600,
      modifiedMs: this.now(),
    };
    this.items.set(at, item);
    return item;
  }

  now(): number {
    return this.pass(1);
  }

  pass(ms: number): number {
    this.#ticks += ms;
    return this.#ticks;
  }

  /** The path with its links followed, that in the last place only if asked for. */
  real(at: string, last: 'follow' | 'keep' = 'keep'): string {
    const parent = at === '/' ? at : this.real(path.dirname(at), 'follow');
    const here = path.join(parent, path.basename(at));
    const item = this.items.get(here);
    if (item?.type !== 'link' || last === 'keep') return here;
    return this.real(path.resolve(parent, item.text), 'follow');
  }

  namesIn(directory: string): string[] {
    const below = [...this.items.keys()].filter((key) => key !== '/' && path.dirname(key) === directory);
    return below.map((key) => path.basename(key));
  }

  kill(pid: number): void {
    this.processes.set(pid, 'gone');
    for (const item of this.items.values()) if (item.text === String(pid)) delete item.accept;
  }

  /** Starts a process; what it needs of the machine is its host. */
  start(env: Readonly<Record<string, string>> = {}): Host<Duplex> {
    const pid = 100 + this.processes.size;
    this.processes.set(pid, 'running');
    return { ...hostOn(this, pid, this.#entries), env: { SOLOD_DIR: '/state', ...env } };
  }
}

function filesOn(machine: PlainMachine): FileSystem {
  const { items } = machine;
  const create = (at: string, type: Entry['type'], text: string): ChangeReading => {
    const real = machine.real(at);
    if (items.has(real)) return OCCUPIED;
    if (items.get(path.dirname(real))?.type !== 'directory') return ABSENT;
    machine.put(real, type, text);
    return DONE;
  };
  const remove = (at: string, isDirectory: (item: Item) => ChangeReading | undefined): ChangeReading => {
    const real = machine.real(at);
    const item = items.get(real);
    if (item === undefined) return ABSENT;
    const refusal = isDirectory(item);
    if (refusal === undefined) items.delete(real);
    return refusal ?? DONE;
  };
  const readText = (at: string) => {
    const item = items.get(machine.real(at));
    return item?.type === 'file' ? { kind: 'text' as const, text: item.text } : item ? WRONG_TYPE : ABSENT;
  };
  return {
    makeDirectory: (at) => create(at, 'directory', ''),
    makeDirectories: (at) => {
      for (let below = at; below !== '/'; below = path.dirname(below))
        if (!items.has(below)) machine.put(below, 'directory', '');
      return DONE;
    },
    inspect: (at) => {
      const item = items.get(machine.real(at));
      return item === undefined ? ABSENT : { kind: 'entry', entry: item };
    },
    tighten: (at) => {
      const item = items.get(machine.real(at));
      if (item !== undefined) item.mode = 0o700;
      return item === undefined ? ABSENT : DONE;
    },
    list: (at) => {
      const real = machine.real(at, 'follow');
      const type = items.get(real)?.type;
      if (type !== 'directory') return type === undefined ? ABSENT : WRONG_TYPE;
      return { kind: 'names', names: machine.namesIn(real) };
    },
    readLink: (at) => {
      const item = items.get(machine.real(at));
      return item?.type === 'link' ? { kind: 'target', target: item.text } : item ? WRONG_TYPE : ABSENT;
    },
    readText,
    createFile: (at, text) => create(at, 'file', text),
    appendText: (at, text) => {
      const item = items.get(machine.real(at));
      if (item !== undefined) item.text += text;
      return item === undefined ? ABSENT : DONE;
    },
    makeLink: (target, at) => create(at, 'link', target),
    rename: (from, to) => rename(machine, machine.real(from), machine.real(to)),
    removeFile: (at) => remove(at, ({ type }) => (type === 'directory' ? WRONG_TYPE : undefined)),
    removeDirectory: (at) =>
      remove(at, () => (machine.namesIn(machine.real(at)).length > 0 ? OCCUPIED : undefined)),
    removeTree: (at) => {
      const real = machine.real(at);
      for (const key of [...items.keys()]) if (isWithin(key, real)) items.delete(key);
      return DONE;
    },
  };
}

const isWithin = (key: string, at: string): boolean => key === at || key.startsWith(`${at}/`);

function rename(machine: PlainMachine, from: string, to: string): ChangeReading {
  const { items } = machine;
  const [source, target] = [items.get(from), items.get(to)];
  if (source === undefined) return ABSENT;
  if (target !== undefined && (source.type === 'directory') !== (target.type === 'directory'))
    return WRONG_TYPE;
  if (target !== undefined && machine.namesIn(to).length > 0) return OCCUPIED;
  for (const [key, item] of [...items].filter(([key]) => isWithin(key, from))) {
    items.delete(key);
    items.set(to + key.slice(from.length), item);
  }
  return DONE;
}

function hostOn(machine: PlainMachine, pid: number, entries: LedgerEntry[]): Omit<Host<Duplex>, 'env'> {
  const files = filesOn(machine);
  const self = { pid, startTime: String(pid), bootId: 'plain', pidNamespace: 'plain' };
  const now = () => ({ monotonicMs: machine.now(), wallMs: machine.now() });
  const sleep = async (ms: number) => {
    machine.pass(ms);
    return DONE;
  };
  const clock = { now, sleep };
  const append = (entry: LedgerEntry): void => void entries.push(entry);
  return {
    clock,
    files,
    documents: NO_DOCUMENTS,
    processes: {
      lookUp: (other) =>
        machine.processes.get(other) === 'running'
          ? { kind: 'present', startTime: String(other), activity: 'running' }
          : { kind: 'gone' },
      signal: (other) => {
        if (machine.processes.get(other) !== 'running') return ABSENT;
        machine.kill(other);
        return DONE;
      },
      self: () => self,
      ancestors: () => [],
    },
    platform: 'linux',
    unsupported: undefined,
    userId: 1,
    node: '/node',
    daemonProgram: () => '/daemon.cjs',
    program: '/program',
    directory: () => '/',
    bindOnce: async () => undefined,
    scope: () => ({ boot: 'boot', ids: 'all' }),
    machine: () => ({ machine: 'plain', bootedMs: 0, wallMs: machine.now() }),
    copyFile: () => {},
    home: () => '/',
    realPath: (at) => machine.real(at, 'follow'),
    nonce: () => `${pid}-${String(machine.now()).padStart(8, '0')}`,
    probe: () => probeOn(machine),
    listener: () => listenerOn(machine, pid),
    spawner: (target) => spawnerOn(machine, target),
    ledger: () => ({
      path: '/ledger',
      append,
      starts: () => [],
      silent: () => [],
      chronicle: () => ({ starts: [], refused: [] }),
    }),
    startChannel: () => ({ descriptor: undefined, say: () => {} }),
    watchLog: () => {},
    findService: (asked) => ({ kind: 'failed', failure: { kind: 'service-missing', path: asked } }),
    work: { look: () => ({ kind: 'hidden' }) },
    warn: (line) => void machine.starts.push(line),
    held: (ports) => ports,
    system: {
      storageOf: () => ({ kind: 'storage', type: 1, freeBytes: 2 ** 40, inodes: 0, freeInodes: 0 }),
      sightProcess: () => ({
        environment: { kind: 'known', value: {} },
        networkNamespace: { kind: 'known', value: 'plain' },
        signal: { kind: 'allowed' },
      }),
      networkNamespaceOf: () => ({ kind: 'known', value: 'plain' }),
      tryAppend: () => DONE,
      cleaners: () => ({ tmpfiles: [], daily: [] }),
    },
    logReader: () => ({ whole: () => undefined, more: () => '' }),
  };
}

const NO_DOCUMENTS: Documents = {
  resolve: () => ABSENT,
  read: () => ABSENT,
  create: () => ABSENT,
  publish: () => ABSENT,
  replace: () => ABSENT,
};

function probeOn(machine: PlainMachine) {
  let latest: Duplex | undefined;
  const refused = (code: string) => ({ kind: 'errno' as const, cause: { code, message: code } });
  const take = (): Duplex | undefined => {
    const taken = latest;
    latest = undefined;
    return taken;
  };
  return {
    connect: async (at: string) => {
      const item = machine.items.get(machine.real(at, 'follow'));
      if (item === undefined) return refused('ENOENT');
      if (item.accept === undefined) return refused('ECONNREFUSED');
      const [caller, server] = duplexPair();
      latest = caller;
      item.accept(server);
      return { kind: 'connected' as const };
    },
    greet: async () => ({ kind: 'accepted' as const }),
    take,
    drop: () => void take()?.destroy(),
  };
}

function listenerOn(machine: PlainMachine, pid: number) {
  const early: Duplex[] = [];
  let item: Item | undefined;
  let handle: ((stream: Duplex) => void) | undefined;
  return {
    listen: async (at: string): Promise<ChangeReading> => {
      const real = machine.real(at);
      if (machine.items.has(real)) return OCCUPIED;
      item = machine.put(real, 'socket', String(pid));
      item.accept = (stream) => (handle === undefined ? early.push(stream) : handle(stream));
      return DONE;
    },
    close: async (): Promise<ChangeReading> => {
      delete item?.accept;
      return DONE;
    },
    serve: (serve: (stream: Duplex) => void) => {
      handle = serve;
      for (const stream of early.splice(0)) serve(stream);
    },
  };
}

function spawnerOn(machine: PlainMachine, target: SpawnTarget) {
  let started = 0;
  return {
    spawn: (reason: string, lockNonce: string) => {
      const [program] = target.command;
      const child = machine.start({ [LOCK_VARIABLE]: lockNonce });
      started += 1;
      machine.starts.push(`${reason} ${program}`);
      queueMicrotask(() => machine.programs.get(program)?.(child));
      const { pid, startTime } = child.processes.self();
      return { kind: 'spawned' as const, pid, startTime };
    },
    check: (): ChildReading => ({ kind: 'running' }),
    leaveLaunchFile: () => {},
    get hasStarted() {
      return started > 0;
    },
    wakingClock: () => ({
      now: () => ({ monotonicMs: machine.now(), wallMs: machine.now() }),
      sleep: async () => DONE,
    }),
  };
}
