/** The global `process`, and what `import … from 'node:process'` gives: a call's where there is one. */

import { EventEmitter } from 'node:events';
import { currentView, notSupported } from './call-context.js';
import { copyOf, environmentProxy } from './call-environment.js';
import { type CallProcess, currentCall } from './call-process.js';
import { clearExitCode } from './exit-code.js';
import { noteLoaded } from './loaded-files.js';
import { refuseAfterEnd } from './own-descriptors.js';
import { type AnyFunction, delegate, redefine, replace } from './patch.js';

const real = process;
/** What solod itself and code outside every call get. */
const own = {
  cwd: real.cwd.bind(real),
  exit: real.exit.bind(real),
  streams: {
    stdin: Object.getOwnPropertyDescriptor(real, 'stdin'),
    stdout: Object.getOwnPropertyDescriptor(real, 'stdout'),
    stderr: Object.getOwnPropertyDescriptor(real, 'stderr'),
  },
};

const EVENT_METHODS = Object.getOwnPropertyNames(EventEmitter.prototype).filter(
  (name) => !name.startsWith('_') && !['constructor', 'emit', 'domain'].includes(name),
);
/** What would change the process for every call. */
const FOR_ALL = [
  ...['setuid', 'seteuid', 'setgid', 'setegid', 'setgroups', 'initgroups'],
  'setUncaughtExceptionCaptureCallback',
];
const SIGNAL_NUMBERS = (): Readonly<Record<string, number>> =>
  real.getBuiltinModule('node:os').constants.signals;

/** Whether calls share the process, or have it to themselves in turn. */
export type Calls = 'many-at-once' | 'one-at-a-time';

export function replaceProcess(calls: Calls): void {
  replaceData();
  for (const name of FOR_ALL) refuse(name);
  if (calls === 'many-at-once') replaceSurroundings();
  else for (const name of ['chdir', 'umask'] as const) refuseAfterEnd(name);
  replaceStreams();
  replaceEvents();
  replaceEnds();
  globalThis.process = withExitCode();
  leadImportsToGlobal();
}

function replaceData(): void {
  const { argv, title } = real;
  const shownArgv = delegate<string[]>([], () => currentCall()?.argv ?? argv);
  redefine(
    real,
    'argv',
    () => currentCall()?.argv ?? shownArgv,
    (value: string[]) => assign(currentCall(), 'argv', value),
  );
  redefine(
    real,
    'title',
    () => currentCall()?.title ?? title,
    (value: unknown) => assign(currentCall(), 'title', String(value)),
  );
}

/** Outside every call nothing is changed: these belong to the daemon. */
function assign<T extends object, K extends keyof T>(owner: T | undefined, key: K, value: T[K]): void {
  if (owner !== undefined) owner[key] = value;
}

/** Environment, working directory and umask, of which the system knows one for all calls. */
function replaceSurroundings(): void {
  const env = environmentProxy(real.env);
  redefine(
    real,
    'env',
    () => env,
    (value: NodeJS.ProcessEnv) => assign(currentView(), 'env', copyOf(value)),
  );
  replace(real, 'loadEnvFile', (load) => (path: string | URL = '.env') => {
    const view = currentView();
    if (view === undefined) return load.call(real, path);
    const { readFileSync } = real.getBuiltinModule('node:fs');
    const read = real.getBuiltinModule('node:util').parseEnv(readFileSync(path, 'utf8'));
    for (const [name, value] of Object.entries(read)) view.env[name] ??= String(value);
  });
  replace(real, 'umask', (umask) => (mask?: string | number) => {
    if (mask === undefined || currentCall() === undefined)
      return umask.apply(real, mask === undefined ? [] : [mask]);
    throw notSupported('the umask', 'say the mode of each file, or use chmod');
  });
  replaceDirectory();
}

function refuse(name: string): void {
  replace(real, name, (original) => (...args: unknown[]) => {
    if (currentCall() !== undefined) throw notSupported(`process.${name}`, 'all calls share the process');
    return original.apply(real, args);
  });
}

function replaceDirectory(): void {
  replace(real, 'cwd', () => () => {
    const view = currentView();
    if (view === undefined) return own.cwd();
    if (view.directory === '') throw goneDirectory();
    return view.directory;
  });
  replace(real, 'chdir', (chdir) => (directory: string) => {
    const view = currentView();
    if (view === undefined) return chdir.call(real, directory);
    view.directory = enteredDirectory(view.directory, directory);
  });
}

/** As Node says it, down to the words. */
function goneDirectory(): Error {
  const message = 'ENOENT: no such file or directory, uv_cwd';
  return Object.assign(new Error(message), { errno: -2, code: 'ENOENT', syscall: 'uv_cwd' });
}

function enteredDirectory(from: string, to: string): string {
  if (typeof to !== 'string')
    throw Object.assign(new TypeError('The "directory" argument must be of type string'), {
      code: 'ERR_INVALID_ARG_TYPE',
    });
  const fs = real.getBuiltinModule('node:fs');
  try {
    // A relative one is taken from the call's directory; the last name must be a directory that can be
    // entered.
    fs.accessSync(`${to}/.`, fs.constants.X_OK);
    return fs.realpathSync.native(to);
  } catch (error) {
    const { code = 'EIO', errno, message } = error as NodeJS.ErrnoException;
    const said = /^\w+: [^,]*/.exec(message)?.[0] ?? code;
    throw Object.assign(new Error(`${said}, chdir '${from}' -> '${to}'`), {
      ...{ errno, code, syscall: 'chdir', path: from, dest: to },
    });
  }
}

/** The real one. */
export function ownStream(name: 'stdin' | 'stdout' | 'stderr'): object {
  const property = own.streams[name];
  return (property?.get ? property.get.call(real) : property?.value) as object;
}

function replaceStreams(): void {
  for (const name of ['stdin', 'stdout', 'stderr'] as const) {
    const find = (): object => ownStream(name);
    const shown = delegate<object>({}, () => currentCall()?.[name] ?? find());
    redefine(real, name, () => currentCall()?.[name] ?? (currentView() === undefined ? find() : shown));
  }
}

/**
 * Handlers that a call registers are its own. Node itself reports errors that nobody caught by `emit`, in the
 * context of their cause.
 */
function replaceEvents(): void {
  for (const name of EVENT_METHODS)
    replace(real, name, (original) => (...args: unknown[]) => {
      const call = currentCall();
      if (call === undefined) return original.apply(real, args);
      const result: unknown = (call.events[name as 'on'] as AnyFunction).apply(call.events, args);
      return result === call.events ? globalThis.process : result;
    });
  replace(real, 'emit', (emit) => (event: string, ...args: unknown[]) => {
    const call = currentCall();
    if (call === undefined) return emit.call(real, event, ...args);
    return emitIn(call, event, args);
  });
}

function emitIn(call: CallProcess, event: string, args: readonly unknown[]): boolean {
  switch (event) {
    case 'uncaughtException':
    case 'unhandledRejection':
      call.uncaught(args[0], event, args[1] as Promise<unknown>);
      return true;
    case 'warning':
      call.warn(args[0] as Error);
      return call.events.emit(event, ...args);
    default:
      return call.events.emit(event, ...args);
  }
}

function replaceEnds(): void {
  const exit = (code?: number | string | null): never => {
    const call = currentCall();
    return call === undefined ? own.exit(code) : call.exit(checkedCode(code));
  };
  replace(real, 'exit', () => exit);
  replace(
    real,
    'reallyExit',
    (leave) => (code?: number) => (currentCall() === undefined ? leave.call(real, code) : exit(code)),
  );
  replace(real, 'abort', (abort) => () => {
    if (currentCall() === undefined) return abort.call(real);
    die('SIGABRT');
  });
  replace(real, 'kill', (kill) => (pid: number, signal?: string | number) => {
    const isOwn = pid === real.pid || pid === 0 || pid === -real.pid;
    if (!isOwn || signal === 0 || currentCall() === undefined) return kill.call(real, pid, signal);
    die(signal ?? 'SIGTERM');
    return true;
  });
  replace(globalThis, 'queueMicrotask', (queue) => (act: () => void) => {
    const call = currentCall();
    if (call === undefined || typeof act !== 'function') return queue(act);
    // Of an error in here Node 20 and 22 don't tell the context.
    queue(() => call.enter(act));
  });
}

/** A signal that a call sends to its own process. */
function die(signal: string | number): void {
  const numbers = SIGNAL_NUMBERS();
  const name =
    typeof signal === 'string' ? signal : Object.keys(numbers).find((one) => numbers[one] === signal);
  const call = currentCall();
  if (call === undefined || name === undefined) return;
  if (name !== 'SIGKILL' && call.events.listenerCount(name) > 0)
    real.emit(name as 'SIGINT', name as 'SIGINT');
  else call.kill(128 + (numbers[name] ?? 0));
}

/** @throws the error of Node for an invalid exit code */
function checkedCode<T extends number | string | null | undefined>(code: T): T {
  real.exitCode = code as number | undefined;
  clearExitCode();
  return code;
}

/** What is set outside every call. It means nothing: a daemon says itself how it ends. */
let exitCodeOutside: number | string | null | undefined;

function withExitCode(): NodeJS.Process {
  return new Proxy(real, {
    get: (_, name) => {
      if (name !== 'exitCode') return Reflect.get(real, name);
      const call = currentCall();
      return call === undefined ? exitCodeOutside : call.exitCode;
    },
    set: (_, name, value) => {
      if (name !== 'exitCode') return Reflect.set(real, name, value);
      const call = currentCall();
      if (call === undefined) exitCodeOutside = value;
      else call.exitCode = checkedCode(value);
      return true;
    },
  });
}

const OWN_URL = 'solod:process';
const isProcess = (name: string): boolean => name === 'process' || name === 'node:process';

/** `require('process')`, and `import` where Node has hooks for it (from 22.15 on). */
function leadImportsToGlobal(): void {
  const modules = real.getBuiltinModule('node:module');
  replace(
    modules,
    '_load',
    (load) =>
      function (this: unknown, name: string, ...rest: unknown[]) {
        if (isProcess(name)) return globalThis.process;
        return load.call(this, name, ...rest);
      },
  );
  const names = Object.keys(real).filter((name) => /^[A-Za-z]\w*$/.test(name));
  const source = `const it = globalThis.process; export default it; export const { ${names.join()} } = it;`;
  (modules as unknown as HookedModules).registerHooks?.({
    resolve: (name, context, next) =>
      isProcess(name) && context.conditions.includes('import')
        ? { url: OWN_URL, format: 'module', shortCircuit: true }
        : next(name, context),
    load: (url, context, next) => {
      if (url === OWN_URL) return { format: 'module', source, shortCircuit: true };
      noteLoaded(url);
      return next(url, context);
    },
  });
}

type Hook<Context> = (
  name: string,
  context: Context,
  next: (name: string, context: Context) => object,
) => object;

/** Newer than the oldest Node that this is compiled for. */
interface HookedModules {
  registerHooks?(hooks: {
    readonly resolve: Hook<{ readonly conditions: readonly string[] }>;
    readonly load: Hook<object>;
  }): void;
}
