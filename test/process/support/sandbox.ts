/**
 * Real processes in a separate sandbox: a state directory, services, and an end of everything that was
 * started.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach } from 'vitest';
import { launchText } from '../../../src/adapters/node/files/launch-file.js';
import { readMachine, readScope } from '../../../src/adapters/node/processes/own-scope.js';
import { resolveService } from '../../../src/app/service/service-file.js';
import { isScopeFile, NAMES, recordLayout, recordOf } from '../../../src/domain/place/layout.js';
import { scopeText } from '../../../src/domain/place/scope.js';

export const ROOT = path.resolve(import.meta.dirname, '../../..');
export const SOLOD = path.join(ROOT, 'dist', 'solod.cjs');
/**
 * Another client for the tests: the native one. The sandbox leaves it the launch files of its daemons
 * beforehand.
 */
const CLIENT = process.env.SOLOD_TEST_CLIENT;

/**
 * Another runtime than this test's own: Bun or Deno, with what stands before a program. The sandbox runs the
 * command, and so its daemons, on it.
 */
const { SOLOD_TEST_RUNTIME: RUNTIME = process.execPath, SOLOD_TEST_RUN_ARGUMENTS = '[]' } = process.env;
const RUN_ARGUMENTS: readonly string[] = JSON.parse(SOLOD_TEST_RUN_ARGUMENTS);

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string | Buffer;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** The path of another Node. */
  readonly node?: string;
}

/** Answers its arguments, its process id, and what it read. */
export const ECHO = `
  import { text } from 'node:stream/consumers';
  export default async ({ args, stdin, stdout }) => {
    const read = args.includes('--stdin') ? await text(stdin) : '';
    stdout.write(JSON.stringify({ args, pid: process.pid, read }) + '\\n');
    const code = args.find((arg) => arg.startsWith('--exit='));
    return code === undefined ? undefined : Number(code.slice(7));
  };
`;

/** How often the directory of a sandbox is removed. */
const DISPOSALS = 10;

export class Sandbox {
  readonly path = mkdtempSync(path.join(tmpdir(), 'solod-test-'));
  readonly state = path.join(this.path, 'state');
  readonly #children = new Set<ChildProcess>();

  constructor() {
    mkdirSync(this.state, { mode: 0o700 });
  }

  service(source: string = ECHO, name = 'echo.mjs'): string {
    const file = path.join(this.path, name);
    writeFileSync(file, source);
    if (CLIENT !== undefined) this.leaveLaunchFile(file);
    return file;
  }

  /** Leaves the launch file as a daemon of that service does, under the service's own name. */
  leaveLaunchFile(file: string): void {
    const service = resolveService(file);
    if (service.kind === 'failed') throw new Error(`there is no ${file}`);
    const { name, path: real } = service.value;
    const directory = path.join(this.state, name);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.leaveRecord();
    const flags = [`--name=${name}`, `--state-dir=${this.state}`];
    const command = [process.execPath, path.join(ROOT, 'dist', 'daemon.cjs'), ...flags, '--', real];
    writeFileSync(path.join(directory, NAMES.launch), launchText(command));
  }

  /** As the first caller leaves it: the names in the state directory are those of this test's scope. */
  leaveRecord(root = this.state): void {
    if (existsSync(recordLayout.directory(root))) return;
    mkdirSync(recordLayout.directory(root), { mode: 0o700 });
    symlinkSync(scopeText(readScope()), recordOf(root));
    symlinkSync(readMachine().machine, recordLayout.machine(root));
  }

  /** What lies in the state directory, without the record of its scope and the parts of others. */
  names(): string[] {
    return readdirSync(this.state)
      .filter((name) => !isScopeFile(name))
      .sort();
  }

  /** The directory of the only name. */
  place(): string {
    const [name, ...others] = this.names();
    if (name === undefined || others.length > 0)
      throw new Error(`not one name but ${[name, ...others].join(', ')}`);
    return path.join(this.state, name);
  }

  get env(): NodeJS.ProcessEnv {
    return { ...process.env, SOLOD_DIR: this.state, HOME: this.path };
  }

  start(args: readonly string[], options: RunOptions = {}): ChildProcess {
    if (CLIENT !== undefined && options.node === undefined) return this.spawn(CLIENT, args, options);
    if (options.node !== undefined) return this.spawn(options.node, [SOLOD, ...args], options);
    return this.spawn(RUNTIME, [...RUN_ARGUMENTS, SOLOD, ...args], options);
  }

  /** Starts any program in this sandbox's environment. */
  spawn(program: string, args: readonly string[], options: RunOptions = {}): ChildProcess {
    const child = spawn(program, args, {
      cwd: options.cwd ?? this.path,
      env: { ...this.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    child.stdin?.on('error', () => {});
    return child;
  }

  /** Runs the command to its end. */
  run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return toEnd(this.start(args, options), options.input);
  }

  /** Runs any program to its end. */
  exec(program: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return toEnd(this.spawn(program, args, options), options.input);
  }

  /** Runs that many at once. */
  all(count: number, args: (n: number) => readonly string[], options: RunOptions = {}): Promise<Ended[]> {
    return Promise.all(Array.from({ length: count }, (_, n) => this.run(args(n), options)));
  }

  /** Every living process that was started for a name of this sandbox, from the kernel, not from daemons. */
  daemons(): number[] {
    return readdirSync('/proc')
      .filter((name) => /^[0-9]+$/.test(name))
      .filter((pid) => {
        const command = readOr(`/proc/${pid}/cmdline`).split('\0');
        const running = !/\) [ZX] /.test(readOr(`/proc/${pid}/stat`));
        const serves = command.some((part) => part.endsWith('/daemon.cjs')) || command.includes('serve');
        return running && serves && command.some((part) => part.includes(this.path));
      })
      .map(Number);
  }

  /** The reason of each start, in order. */
  spawns(place = this.place()): string[] {
    const lines = readOr(path.join(place, 'spawns.jsonl')).split('\n').filter(Boolean);
    const entries = lines.map((line) => JSON.parse(line) as { kind: string; reason: string });
    return entries.filter(({ kind }) => kind === 'started').map(({ reason }) => reason);
  }

  generations(place = this.place()): number[] {
    return readdirSync(place)
      .filter((name) => /^[0-9]+$/.test(name))
      .map(Number)
      .sort((a, b) => a - b);
  }

  /** Entries that no living process needs. */
  leftovers(place = this.place()): string[] {
    return readdirSync(place).filter((name) => /^(?:tmp|trash)\.|^spawn\.lock$/.test(name));
  }

  async dispose(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    for (let left = DISPOSALS; left > 0; left--) {
      await this.#killDaemons();
      // Some tests leave directories that can't be entered.
      spawnSync('chmod', ['-R', 'u+rwx', this.path]);
      try {
        return rmSync(this.path, { recursive: true, force: true });
      } catch (error) {
        // A daemon that was just being started has written something in the meantime.
        if (left === 1) throw error;
      }
    }
  }

  async #killDaemons(): Promise<void> {
    for (let round = 0; round < 50; round++) {
      const left = this.daemons();
      if (left.length === 0) return;
      for (const pid of left) killIfThere(pid);
      await delay(20);
    }
  }
}

async function toEnd(child: ChildProcess, input: string | Buffer = ''): Promise<Ended> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.stdin?.end(input);
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('close', (...ended) => resolve(ended));
    child.once('error', reject);
  });
  return { code, signal, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString('utf8') };
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself in the meantime.
  }
}

/** Empty if the file can't be read. */
export function readOr(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

const open = new Set<Sandbox>();

/** A sandbox that is removed after the test, also when the test fails. */
export function sandbox(): Sandbox {
  const made = new Sandbox();
  open.add(made);
  return made;
}

afterEach(async () => {
  const made = [...open];
  open.clear();
  // A sandbox that can't be removed must not keep the others from ending their processes.
  const cleared = await Promise.allSettled(made.map((box) => box.dispose()));
  for (const result of cleared) if (result.status === 'rejected') throw result.reason;
});

/**
 * Waits until another process has done something.
 * @throws after a minute, with the name of the awaited event
 */
export async function eventually(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (performance.now() < deadline) {
    if (await check()) return;
    await delay(10);
  }
  throw new Error(`never came: ${what}`);
}

export function has(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

export const isRoot = process.getuid?.() === 0;

/** Waits until one daemon is left, and no process of another one. @returns its process id */
export async function oneDaemon(box: Sandbox): Promise<number> {
  await eventually('one daemon is left', () => box.daemons().length === 1 && box.leftovers().length === 0);
  return box.daemons()[0] ?? 0;
}
