/** Children of a call: its directory, its environment, its streams. */

import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { currentView } from './call-context.js';
import { type CallProcess, currentCall } from './call-process.js';
import { replace } from './patch.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
/** What `ChildProcess.prototype.spawn` is given, by all functions that start a child and go on. */
type Options = Mutable<Pick<SpawnOptions, 'cwd' | 'stdio'>>;

const STREAMS = ['stdin', 'stdout', 'stderr'] as const;

export function replaceChildren(): void {
  const children = process.getBuiltinModule('node:child_process');
  replace(
    children.ChildProcess.prototype,
    'spawn',
    (spawn) =>
      function (this: ChildProcess, options: Options) {
        const view = currentView();
        if (view === undefined) return spawn.call(this, options);
        const inherited = [0, 1, 2].map((descriptor) => inheritedBy(options.stdio, descriptor));
        const failed: unknown = spawn.call(this, {
          ...options,
          cwd: directoryOf(options.cwd),
          stdio: withPipes(options.stdio, inherited),
        });
        const call = currentCall();
        if (call !== undefined) connect(call, this, inherited);
        return failed;
      },
  );
  for (const name of ['spawnSync', 'execSync', 'execFileSync'])
    replace(children, name, (original) => (...args: unknown[]) => {
      const call = currentCall();
      return call === undefined ? original(...args) : runToEnd(call, name, original, args);
    });
  replaceWorkers();
}

function directoryOf(asked: SpawnOptions['cwd']): SpawnOptions['cwd'] {
  return asked instanceof URL ? asked : resolve(asked ?? '.');
}

/**
 * @returns the number of the stream of this process that the child's descriptor is to be; undefined for
 * another kind
 */
export function inheritedBy(stdio: unknown, descriptor: number): number | undefined {
  const asked: unknown = Array.isArray(stdio) ? stdio[descriptor] : stdio;
  if (asked === 'inherit') return descriptor;
  if (asked === 0 || asked === 1 || asked === 2) return asked;
  const call = currentCall();
  if (call === undefined || typeof asked !== 'object' || asked === null) return undefined;
  const named = STREAMS.findIndex(
    (name) => asked === call[name] || (asked as { fd?: unknown }).fd === STREAMS.indexOf(name),
  );
  return named < 0 ? undefined : named;
}

function withPipes(
  stdio: SpawnOptions['stdio'],
  inherited: readonly (number | undefined)[],
): SpawnOptions['stdio'] {
  if (inherited.every((from) => from === undefined)) return stdio;
  const all: unknown[] = Array.isArray(stdio) ? [...stdio] : [stdio, stdio, stdio];
  // A child of the module itself has nobody to inherit from but the daemon: its output is the log's.
  const isCall = currentCall() !== undefined;
  for (const [descriptor, from] of inherited.entries())
    if (from !== undefined && isCall) all[descriptor] = 'pipe';
  return all as SpawnOptions['stdio'];
}

/** As after `inherit`: the parent has no stream of its own there. */
function connect(call: CallProcess, child: ChildProcess, inherited: readonly (number | undefined)[]): void {
  for (const [descriptor, from] of inherited.entries()) {
    const pipe = from === undefined ? undefined : child.stdio?.[descriptor];
    if (pipe === undefined || pipe === null) continue;
    if (descriptor === 0) feed(call, child, pipe as Writable);
    else call.forward(child, pipe as Readable, from === 2 ? 'stderr' : 'stdout');
    const owner = child as unknown as Record<string, unknown>;
    owner[STREAMS[descriptor] ?? ''] = null;
    (child.stdio as unknown[])[descriptor] = null;
  }
}

/** The child is done with it as soon as it has ended. What it has not read by then is lost. */
function feed({ stdin }: CallProcess, child: ChildProcess, pipe: Writable): void {
  pipe.on('error', () => {});
  stdin.pipe(pipe);
  child.once('exit', () => {
    stdin.unpipe(pipe);
    pipe.destroy();
  });
}

interface SyncOptions {
  cwd?: SpawnOptions['cwd'];
  stdio?: SpawnOptions['stdio'];
  maxBuffer?: number;
}

type Results = Record<string, unknown> & { output?: unknown[] };

/**
 * Blocks the daemon as it blocks a process. There is no way to read the caller's input meanwhile: the child
 * has none.
 */
function runToEnd(
  call: CallProcess,
  name: string,
  original: (...args: unknown[]) => unknown,
  args: readonly unknown[],
): unknown {
  const isOptions = (value: unknown, index: number): boolean =>
    index > 0 && typeof value === 'object' && value !== null && !Array.isArray(value);
  const at = args.findIndex(isOptions);
  const options: SyncOptions = { ...(at < 0 ? {} : (args[at] as SyncOptions)) };
  options.cwd = directoryOf(options.cwd);
  const run = (): unknown =>
    original(...(at < 0 ? [...args, options] : args.map((value, index) => (index === at ? options : value))));
  const inherited = [0, 1, 2].map((descriptor) => inheritedBy(options.stdio, descriptor));
  if (inherited.every((from) => from === undefined)) return run();
  const asked = options.stdio;
  options.stdio = withPipes(asked, inherited);
  if (inherited[0] !== undefined) (options.stdio as unknown[])[0] = 'pipe';
  options.maxBuffer ??= Number.POSITIVE_INFINITY;
  if (name === 'spawnSync') return print(call, inherited, run() as Results);
  // Without `stdio`, these print what comes on stderr themselves.
  if (inherited[2] === 2) delete options.stdio;
  const hasOutput = inherited[1] === undefined && !(Array.isArray(asked) && asked[1] === 'ignore');
  try {
    const stdout = run();
    print(call, inherited, { stdout });
    return hasOutput ? stdout : null;
  } catch (error) {
    const failed = error as Error & Results;
    print(call, inherited, inherited[2] === 2 ? withoutStderr(failed) : failed);
    throw error;
  }
}

/**
 * Prints what the child wrote to an inherited stream. As in a process of its own, the result has nothing of
 * that.
 */
function print(call: CallProcess, inherited: readonly (number | undefined)[], result: Results): Results {
  for (const descriptor of [1, 2]) {
    const from = inherited[descriptor];
    const name = STREAMS[descriptor] ?? '';
    const written = result[name];
    if (from === undefined || written === undefined) continue;
    if (written !== null) call[from === 2 ? 'stderr' : 'stdout'].write(written);
    result[name] = null;
    if (Array.isArray(result.output)) result.output[descriptor] = null;
  }
  return result;
}

/** It has been printed. */
function withoutStderr(error: Error & Results): Results {
  if (error.stderr === undefined || error.stderr === null) return error;
  error.message = error.message.replace(`\n${String(error.stderr)}`, '');
  error.stderr = null;
  return error;
}

/** A thread gets a copy of the call's environment. Its directory is the daemon's. */
function replaceWorkers(): void {
  const threads = process.getBuiltinModule('node:worker_threads');
  const { Worker } = threads;
  threads.Worker = class extends Worker {
    constructor(...[file, options]: ConstructorParameters<typeof Worker>) {
      super(file, currentView() === undefined ? options : { env: { ...process.env }, ...options });
    }
  };
  Object.defineProperty(threads.Worker, 'name', { value: 'Worker' });
}
