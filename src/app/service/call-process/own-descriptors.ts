/**
 * A process that runs one call at a time has that call's descriptors 0 to 2. Nothing is replaced here but
 * what the process must hear of, and what a call that is over must not do.
 */

import { currentView, notSupported } from './call-context.js';
import { currentCall } from './call-process.js';
import { inheritedBy } from './child-processes.js';
import { keepOpen, replace } from './patch.js';

export interface DescriptorWitness {
  /** Descriptor 0 is about to be read. */
  onInput(): void;
  /** A child gets descriptors of this process, and may have them for longer than the call lasts. */
  onShared(): void;
}

const READS = ['read', 'readSync', 'readFile', 'readFileSync', 'readv', 'readvSync'];
const WRITES = [
  ...['write', 'writeSync', 'writev', 'writevSync'],
  ...['writeFile', 'writeFileSync', 'appendFile', 'appendFileSync'],
];

export function watchDescriptors(witness: DescriptorWitness): void {
  const fs = process.getBuiltinModule('node:fs');
  for (const name of READS)
    replace(fs, name, (original) => (descriptor: unknown, ...rest: unknown[]) => {
      if (descriptor === 0) witness.onInput();
      return original(descriptor, ...rest);
    });
  for (const name of WRITES)
    replace(fs, name, (original) => (descriptor: unknown, ...rest: unknown[]) => {
      if ((descriptor === 1 || descriptor === 2) && currentCall()?.isOver) throw afterEnd();
      return original(descriptor, ...rest);
    });
  keepDescriptorsOpen(fs);
  replaceIsTerminal();
  watchChildren(witness);
}

/** What another call would get. */
const afterEnd = (): Error =>
  Object.assign(new Error('EPIPE: the call is over, write'), { code: 'EPIPE', syscall: 'write' });

/** The next call needs them. */
function keepDescriptorsOpen(fs: object): void {
  const isStandard = (descriptor: unknown): boolean =>
    descriptor === 0 || descriptor === 1 || descriptor === 2;
  keepOpen(fs, isStandard);
}

/** The descriptors are pipes. Behind them may be the caller's terminal. */
function replaceIsTerminal(): void {
  const tty = process.getBuiltinModule('node:tty');
  replace(tty, 'isatty', (original) => (descriptor: number) => {
    const view = descriptor <= 2 ? currentView() : undefined;
    return view?.isTerminal(descriptor) ?? original(descriptor);
  });
}

function watchChildren(witness: DescriptorWitness): void {
  const look = (stdio: unknown): void => {
    const from = [0, 1, 2].map((descriptor) => inheritedBy(stdio, descriptor));
    if (from.some((descriptor) => descriptor !== undefined)) witness.onShared();
    if (from.includes(0)) witness.onInput();
  };
  const children = process.getBuiltinModule('node:child_process');
  replace(
    children.ChildProcess.prototype,
    'spawn',
    (spawn) =>
      function (this: unknown, options: { readonly stdio?: unknown }) {
        look(options.stdio);
        return spawn.call(this, options);
      },
  );
  for (const name of ['spawnSync', 'execSync', 'execFileSync'])
    replace(children, name, (original) => (...args: unknown[]) => {
      const options = args.slice(1).find((value) => typeof value === 'object' && !Array.isArray(value));
      look((options as { readonly stdio?: unknown } | null | undefined)?.stdio);
      return original(...args);
    });
}

/** A call that is over must not take the next one elsewhere. */
export function refuseAfterEnd(name: 'chdir' | 'umask'): void {
  replace(process, name, (original) => (...args: unknown[]) => {
    if (args.length > 0 && currentCall()?.isOver)
      throw notSupported(`process.${name}`, 'do that before the call is over');
    return original.apply(process, args);
  });
}
