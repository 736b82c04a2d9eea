/** Windows, as Wine has it: a prefix of its own for a test file, which ends with all of its processes. */

import { type ChildProcess, type StdioOptions, spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { NODE_FOR_WINDOWS } from './runtimes.js';
import { ECHO, has, SOLOD } from './sandbox.js';

export const hasWine = has('wine') && has('wineserver') && NODE_FOR_WINDOWS !== undefined;

/** Stands in the name of a test that is skipped. */
export const LEFT_OUT = hasWine
  ? ''
  : ' (skipped: no Wine, or no Node for it; "npm run runtimes" fetches that)';

/** How long the first start of a prefix may take. */
export const BOOT_MS = 240_000;

/** How long Wine's server outlives the last process of its prefix, if nobody ends it. */
const SERVER_LINGERS_S = 120;

/** A command that takes longer is ended: its exit code is null then. */
const RUN_LIMIT_MS = 180_000;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Wine shows the whole machine as a drive of this letter. */
export const onDrive = (file: string): string => `Z:${file.replaceAll('/', '\\')}`;

export class Wine {
  readonly path = mkdtempSync(path.join(tmpdir(), 'solod-wine-'));
  #boxes = 0;

  get env(): NodeJS.ProcessEnv {
    const { HOME: _, DISPLAY: __, ...others } = process.env;
    return { ...others, WINEPREFIX: path.join(this.path, 'prefix'), WINEDEBUG: '-all', WINEARCH: 'win64' };
  }

  boot(): void {
    const run = (program: string, ...args: string[]) =>
      spawnSync(program, args, { env: { ...this.env, HOME: this.path }, stdio: 'ignore', timeout: BOOT_MS });
    // By default the server ends with the prefix's last process; what starts at that moment fails or hangs.
    mkdirSync(path.join(this.path, 'prefix'));
    run('wineserver', `-p${SERVER_LINGERS_S}`);
    run('wine', 'wineboot', '-i');
    run('wine', 'winecfg', '-v', 'win10');
  }

  end(): void {
    spawnSync('wineserver', ['-k'], { env: this.env, stdio: 'ignore', timeout: 20_000 });
    rmSync(this.path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  box(): WineBox {
    this.#boxes += 1;
    return new WineBox(this, path.join(this.path, `box-${this.#boxes}-${process.pid}`));
  }
}

/** A state directory and services of one test. */
export class WineBox {
  readonly state: string;
  #runs = 0;

  constructor(
    private readonly wine: Wine,
    readonly path: string,
  ) {
    this.state = `${path}/state`;
    mkdirSync(this.state, { recursive: true });
  }

  service(source = ECHO, name = 'echo.mjs'): string {
    writeFileSync(path.join(this.path, name), source);
    return name;
  }

  /** What runs in this box; its output goes where `stdio` says. */
  node(args: readonly string[], stdio: StdioOptions = ['ignore', 'pipe', 'ignore']) {
    return this.#program([NODE_FOR_WINDOWS ?? '', ...args], stdio);
  }

  #program(words: readonly string[], stdio: StdioOptions) {
    const env = { ...this.wine.env, CI: undefined, SOLOD_DIR: onDrive(this.state) };
    return spawn('wine', words, { cwd: this.path, env, stdio });
  }

  /** Started daemons keep the pipes of their starter under Wine, so the output goes to files. */
  run(args: readonly string[]): Promise<Ended> {
    return this.#ended((stdio) => this.node([SOLOD, ...args], stdio));
  }

  /** Runs a batch file of one command, by cmd.exe. */
  shell(command: string): Promise<Ended> {
    const file = path.join(this.path, 'run.cmd');
    writeFileSync(file, `@echo off\r\n${command}\r\n`);
    return this.#ended((stdio) => this.#program(['cmd', '/c', onDrive(file)], stdio));
  }

  async #ended(start: (stdio: StdioOptions) => ChildProcess): Promise<Ended> {
    this.#runs += 1;
    const files = ['out', 'err'].map((name) => path.join(this.path, `${this.#runs}.${name}`));
    const [out = 0, err = 0] = files.map((file) => openSync(file, 'w'));
    const child = start(['ignore', out, err]);
    for (const descriptor of [out, err]) closeSync(descriptor);
    const timer = setTimeout(() => child.kill('SIGKILL'), RUN_LIMIT_MS);
    const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
    clearTimeout(timer);
    const [stdout = '', stderr = ''] = files.map((file) => readFileSync(file, 'utf8'));
    return { code, stdout, stderr };
  }

  /** The directory of the only name. */
  place(): string {
    const [name, ...others] = readdirSync(this.state);
    if (name === undefined || others.length > 0) throw new Error('not one name');
    return path.join(this.state, name);
  }

  /** How often a process was started. */
  starts(): number {
    const ledger = readFileSync(path.join(this.place(), 'spawns.jsonl'), 'utf8');
    return ledger.match(/"kind":"started"/g)?.length ?? 0;
  }

  /** Ids of the daemons of this box, as Linux has them. */
  daemons(): number[] {
    return this.processes('daemon.cjs');
  }

  /** @param file what such a process runs */
  processes(file: string): number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => {
        const command = readOr(`/proc/${pid}/cmdline`);
        const isOver = /\) [ZX] /.test(readOr(`/proc/${pid}/stat`));
        return !isOver && command.includes(file) && command.includes(path.basename(this.path));
      })
      .map(Number);
  }

  kill(): void {
    for (const pid of this.daemons()) process.kill(pid, 'SIGKILL');
  }
}

function readOr(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
