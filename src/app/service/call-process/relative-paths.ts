/** Files: a relative path counts from the call's directory, and descriptors 0 to 2 are the call's streams. */

import type { PathLike } from 'node:fs';
import { currentView, notSupported, type ProcessView } from './call-context.js';
import { currentCall } from './call-process.js';
import { type AnyFunction, keepOpen, replace } from './patch.js';

/** The first argument is a path. */
const ONE_PATH = [
  ...[
    'access',
    'appendFile',
    'chmod',
    'chown',
    'exists',
    'lchmod',
    'lchown',
    'lstat',
    'lutimes',
    'mkdir',
    'mkdtemp',
  ],
  ...[
    'mkdtempDisposable',
    'open',
    'openAsBlob',
    'opendir',
    'readFile',
    'readdir',
    'readlink',
    'realpath',
    'rm',
    'rmdir',
  ],
  ...['stat', 'statfs', 'truncate', 'unlink', 'unwatchFile', 'utimes', 'watch', 'watchFile', 'writeFile'],
];
/** The first two are. */
const TWO_PATHS = ['copyFile', 'cp', 'link', 'rename'];
/** Their last argument is a listener, which must stay the same function, not a callback. */
const LISTENING: ReadonlySet<string> = new Set(['watch', 'watchFile', 'unwatchFile']);
/** They return a path that they have made. */
const MAKING: ReadonlySet<string> = new Set(['mkdir', 'mkdirSync', 'mkdtemp', 'mkdtempSync']);
const READING_DIRECTORY: ReadonlySet<string> = new Set(['readdir', 'readdirSync']);

const STREAM_PATH = /^\/(?:dev\/(?:stdin|stdout|stderr|fd\/[012])|proc\/self\/fd\/[012])$/;
const SLASH = 47;
/** On Windows also a path with a drive, though `C:a` counts from a directory of that drive's own. */
const ABSOLUTE = process.platform === 'win32' ? /^(?:[A-Za-z]:|[\\/])/ : /^\//;

export function replaceFileCalls(): void {
  const fs = process.getBuiltinModule('node:fs');
  for (const owner of [fs, fs.promises]) {
    for (const name of ONE_PATH) replacePaths(owner, name, [0]);
    for (const name of TWO_PATHS) replacePaths(owner, name, [0, 1]);
    // What a link leads to counts from the link.
    replacePaths(owner, 'symlink', [1]);
    replaceGlob(owner, 'glob');
  }
  replaceGlob(fs, 'globSync');
  replacePaths(fs.realpath, 'native', [0]);
  replacePaths(fs.realpathSync, 'native', [0]);
}

function replacePaths(owner: object, name: string, indices: readonly number[]): void {
  for (const each of [name, `${name}Sync`])
    replace(
      owner,
      each,
      (original) =>
        function (this: unknown, ...args: unknown[]) {
          const view = currentView();
          if (view === undefined || indices.every((index) => isPlain(args[index])))
            return original.apply(this, args);
          return fromDirectory(view, original.bind(this), each, args, indices);
        },
    );
}

/**
 * Means the same in every directory. Descriptors and file handles do, too, which some functions take in place
 * of a path.
 */
function isPlain(path: unknown): boolean {
  if (typeof path === 'string') return ABSOLUTE.test(path) ? !STREAM_PATH.test(path) : path === '';
  return !Buffer.isBuffer(path) || path.length === 0 || ABSOLUTE.test(path.toString('latin1', 0, 2));
}

interface Renaming {
  readonly given: string;
  readonly absolute: string;
}

/** An error names the path as the caller of the function wrote it, and so does what it returns. */
function fromDirectory(
  view: ProcessView,
  original: AnyFunction,
  name: string,
  args: unknown[],
  indices: readonly number[],
): unknown {
  const directory = process.cwd();
  const renamings: Renaming[] = [];
  for (const index of indices) {
    const path = args[index] as PathLike;
    if (isPlain(path)) continue;
    if (typeof path === 'string' && path.charCodeAt(0) === SLASH) throw notYourDescriptor(path, view);
    const prefix = directory === '/' ? '/' : `${directory}/`;
    const absolute =
      typeof path === 'string' ? prefix + path : Buffer.concat([Buffer.from(prefix), path as Buffer]);
    renamings.push({ given: String(path), absolute: String(absolute) });
    args[index] = absolute;
  }
  const last = args.at(-1);
  if (typeof last === 'function' && !LISTENING.has(name))
    args[args.length - 1] = (error: unknown, ...results: unknown[]) =>
      last(withGivenPaths(error, renamings), ...results.map((result) => asGiven(name, result, renamings)));
  try {
    const result: unknown = original(...args);
    if (!(result instanceof Promise)) return asGiven(name, result, renamings);
    return result.then(
      (value) => asGiven(name, value, renamings),
      (error) => Promise.reject(withGivenPaths(error, renamings)),
    );
  } catch (error) {
    throw withGivenPaths(error, renamings);
  }
}

function withGivenPaths(error: unknown, renamings: readonly Renaming[]): unknown {
  if (!(error instanceof Error)) return error;
  const told = error as NodeJS.ErrnoException & { dest?: string };
  for (const { given, absolute } of renamings) {
    const named = (text: string): string => text.replaceAll(`'${absolute}'`, `'${given}'`);
    if (told.path === absolute) told.path = given;
    if (told.dest === absolute) told.dest = given;
    const { stack } = told;
    told.message = named(told.message);
    if (stack !== undefined) told.stack = named(stack);
  }
  return error;
}

function asGiven(name: string, result: unknown, [renaming]: readonly Renaming[]): unknown {
  if (renaming === undefined) return result;
  const { given, absolute } = renaming;
  const prefix = absolute.slice(0, absolute.length - given.length);
  const shortened = (path: string): string => (path.startsWith(prefix) ? path.slice(prefix.length) : path);
  if (MAKING.has(name) && typeof result === 'string') return shortened(result);
  if (!READING_DIRECTORY.has(name) || !Array.isArray(result)) return result;
  for (const entry of result as Record<string, unknown>[])
    for (const key of ['parentPath', 'path'])
      if (typeof entry === 'object' && Object.hasOwn(entry, key)) entry[key] = shortened(String(entry[key]));
  return result;
}

function replaceGlob(owner: object, name: string): void {
  replace(owner, name, (original) => (pattern: unknown, ...rest: unknown[]) => {
    if (currentView() === undefined) return original(pattern, ...rest);
    const callback = rest.at(-1);
    const [options] = rest;
    const own = { cwd: process.cwd(), ...(typeof options === 'object' ? options : {}) };
    return typeof callback === 'function' ? original(pattern, own, callback) : original(pattern, own);
  });
}

const notYourDescriptor = (path: string, _view: ProcessView): Error =>
  notSupported(path, 'use process.stdin, process.stdout or process.stderr');

// --- descriptors ---

/** What is written to descriptors 1 and 2 goes to the caller; what can't be had there is refused. */
export function replaceDescriptors(): void {
  const fs = process.getBuiltinModule('node:fs');
  for (const name of ['writeSync', 'writeFileSync', 'appendFileSync'])
    replace(fs, name, (original) => (descriptor: unknown, data: unknown, ...rest: unknown[]) => {
      if (!isOutput(descriptor)) return original(descriptor, data, ...rest);
      return send(descriptor, data, rest);
    });
  for (const name of ['write', 'writeFile', 'appendFile'])
    replace(fs, name, (original) => (descriptor: unknown, data: unknown, ...rest: unknown[]) => {
      const callback = rest.at(-1);
      if (!isOutput(descriptor) || typeof callback !== 'function') return original(descriptor, data, ...rest);
      const count = send(descriptor, data, rest.slice(0, -1));
      process.nextTick(callback as () => void, null, count, data);
    });
  for (const name of [
    'read',
    'readSync',
    'readFile',
    'readFileSync',
    'readv',
    'readvSync',
    'writev',
    'writevSync',
    'fstat',
    'fstatSync',
  ])
    replace(fs, name, (original) => (descriptor: unknown, ...rest: unknown[]) => {
      if (!isStandard(descriptor)) return original(descriptor, ...rest);
      throw notYourDescriptor(`descriptor ${descriptor}`, currentView() as ProcessView);
    });
  // Closing them closes nothing of the daemon's.
  keepOpen(fs, isStandard);
  const tty = process.getBuiltinModule('node:tty');
  replace(
    tty,
    'isatty',
    (original) => (descriptor: number) =>
      (isStandard(descriptor) ? currentView()?.isTerminal(descriptor) : undefined) ?? original(descriptor),
  );
}

const isStandard = (descriptor: unknown): descriptor is 0 | 1 | 2 =>
  (descriptor === 0 || descriptor === 1 || descriptor === 2) && currentCall() !== undefined;

const isOutput = (descriptor: unknown): descriptor is 1 | 2 => descriptor !== 0 && isStandard(descriptor);

/** @returns how many bytes there were */
function send(descriptor: 1 | 2, data: unknown, [first, second]: readonly unknown[]): number {
  const call = currentCall();
  const bytes = bytesOf(data, first, second);
  call?.[descriptor === 1 ? 'stdout' : 'stderr'].write(bytes);
  return bytes.length;
}

/**
 * By the arguments of `fs.write`: text with a position and an encoding, or a view of bytes with an offset and
 * a length.
 */
function bytesOf(data: unknown, first: unknown, second: unknown): Buffer {
  if (!ArrayBuffer.isView(data)) {
    const encoding = [first, second].find((argument) => typeof argument === 'string');
    return Buffer.from(String(data), encoding as BufferEncoding | undefined);
  }
  const options =
    typeof first === 'object' && first !== null ? (first as Record<string, unknown>) : undefined;
  const offset = Number(options?.offset ?? (typeof first === 'number' ? first : 0));
  const length = Number(options?.length ?? (typeof second === 'number' ? second : data.byteLength - offset));
  // The caller may use its memory for something else meanwhile.
  return Buffer.from(Buffer.from(data.buffer, data.byteOffset + offset, length));
}
