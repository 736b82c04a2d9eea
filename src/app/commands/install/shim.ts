/** The shim that is put on the PATH: a shell script that becomes a client. */

export interface Shim {
  /** The command's name. */
  readonly command: string;
  /** The directory of the shim, absolute. */
  readonly directory: string;
  /** The client, and the arguments that come before the caller's own. */
  readonly argv: readonly string[];
}

/** Only shims start like this. A file that does, and has no more lines than a shim, may be replaced. */
const HEAD = '#!/bin/sh\n# Written by solod install; this removes it: solod uninstall ';

export function shimText({ command, directory, argv }: Shim): string {
  const removal = `${shellWord(command)} --bin-dir ${shellWord(directory)}`;
  return `${HEAD}${removal}\nexec ${argv.map(shellWord).join(' ')} -- "$@"\n`;
}

export function isShim(text: string): boolean {
  return text.startsWith(HEAD) && /^[^\n]*\nexec [^\n]* -- "\$@"\n$/.test(text.slice(HEAD.length));
}

/** Quoted for sh(1): between single quotes everything is literal. Why not by a library: decision 13. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** @returns the first text that can't be written into a script of three lines */
export function unfitWord({ directory, argv }: Shim): string | undefined {
  return [directory, ...argv].find((text) => /[\n\r\0]/.test(text));
}
