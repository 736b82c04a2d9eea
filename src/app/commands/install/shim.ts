/** The text of what is put on the PATH: a shell script that becomes a client. */

export interface Shim {
  /** What is typed. */
  readonly command: string;
  /** Where it lies, absolute. */
  readonly directory: string;
  /** The client, and what it is given before the caller's own arguments. */
  readonly argv: readonly string[];
}

/** No other file begins like that: one that does, and has no more lines, may be replaced. */
const HEAD = '#!/bin/sh\n# Written by solod install; this removes it: solod uninstall ';

export function shimText({ command, directory, argv }: Shim): string {
  const removal = `${shellWord(command)} --bin-dir ${shellWord(directory)}`;
  return `${HEAD}${removal}\nexec ${argv.map(shellWord).join(' ')} -- "$@"\n`;
}

export function isShim(text: string): boolean {
  return text.startsWith(HEAD) && /^[^\n]*\nexec [^\n]* -- "\$@"\n$/.test(text.slice(HEAD.length));
}

/** As a shell reads it back: sh(1) takes everything between single quotes for itself. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** @returns the first text that can't stand in a script of three lines */
export function unfitWord({ directory, argv }: Shim): string | undefined {
  return [directory, ...argv].find((text) => /[\n\r\0]/.test(text));
}
