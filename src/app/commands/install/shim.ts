/** The shim that is put on the PATH: a shell script that becomes a client; on Windows a batch file. */

import type { Platform } from '../../../domain/place/layout.js';

export interface Shim {
  /** The command's name. */
  readonly command: string;
  /** The directory of the shim, absolute. */
  readonly directory: string;
  /** The client, and the arguments that come before the caller's own. */
  readonly argv: readonly string[];
}

/** Only shims start like this. A file that does, and has no more lines than a shim, may be replaced. */
const NOTE = 'Written by solod install; this removes it: solod uninstall ';
const HEAD = `#!/bin/sh\n# ${NOTE}`;
const BATCH_HEAD = `@echo off\r\nrem ${NOTE}`;

/** Windows starts what has the right ending. */
export const shimFile = (command: string, platform: Platform): string =>
  platform === 'win32' ? `${command}.cmd` : command;

export function shimText(shim: Shim, platform: Platform): string {
  return platform === 'win32' ? batchText(shim) : scriptText(shim);
}

function scriptText({ command, directory, argv }: Shim): string {
  const removal = `${shellWord(command)} --bin-dir ${shellWord(directory)}`;
  return `${HEAD}${removal}\nexec ${argv.map(shellWord).join(' ')} -- "$@"\n`;
}

/** Its exit code is that of its last command. */
function batchText({ command, directory, argv }: Shim): string {
  const removal = `${batchWord(command)} --bin-dir ${batchWord(directory)}`;
  return `${BATCH_HEAD}${removal}\r\n${argv.map(batchWord).join(' ')} -- %*\r\n`;
}

export function isShim(text: string): boolean {
  return (
    (text.startsWith(HEAD) && /^[^\n]*\nexec [^\n]* -- "\$@"\n$/.test(text.slice(HEAD.length))) ||
    (text.startsWith(BATCH_HEAD) && /^[^\n]*\r\n[^\n]* -- %\*\r\n$/.test(text.slice(BATCH_HEAD.length)))
  );
}

/** Quoted for cmd.exe, which has variables between quotes, and for CommandLineToArgvW, which has `\\"`. */
function batchWord(text: string): string {
  return `"${text.replaceAll('%', '%%').replace(/\\+$/, '$&$&')}"`;
}

/** Quoted for sh(1): between single quotes everything is literal. Why not by a library: decision 13. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** @returns the first text that can't be written into a script of three lines */
export function unfitWord({ directory, argv }: Shim, platform: Platform): string | undefined {
  const unfit = platform === 'win32' ? /[\n\r\0"]/ : /[\n\r\0]/;
  return [directory, ...argv].find((text) => unfit.test(text));
}
