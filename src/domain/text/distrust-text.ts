import type { Distrust } from '../place/distrust.js';

/** Why a directory is not trusted, and what to do about it. `what` follows the directory's name. */
export const DISTRUST: Readonly<Record<Distrust, { readonly what: string; readonly todo: string }>> = {
  link: { what: 'is a symbolic link', todo: 'set SOLOD_DIR to the directory itself' },
  'no-directory': { what: 'is not a directory', todo: 'move it away, or set SOLOD_DIR to another directory' },
  foreign: { what: 'belongs to another user', todo: 'set SOLOD_DIR to a directory of your own' },
  'writable-by-others': {
    what: 'can be written to by others, who could put a socket of their own there',
    todo: 'take that right away (chmod go-w), or set SOLOD_DIR to another directory',
  },
  'above-foreign': {
    what: 'is above the state directory and belongs to another user, who could replace it',
    todo: 'set SOLOD_DIR to a directory below directories of your own or of root',
  },
  'above-writable': {
    what: 'is above the state directory, and others can write to it and replace what is in it',
    todo: 'run "chmod go-w" or "chmod +t" on it, or set SOLOD_DIR to another directory',
  },
};
