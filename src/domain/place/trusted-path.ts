/**
 * Follows a path from the root of the file system and judges each directory on the way, as sshd(8) judges
 * those above a file of keys (StrictModes). Nobody but the user and root can then replace any of them: what
 * is used later is what was looked at, without a descriptor that holds it.
 */

import type { Entry, FileSystem } from '../../ports/file-system.js';
import type { Cause } from '../../ports/readings.js';
import { causeIn } from '../procedure/cause.js';
import { type Distrust, isSafeAbove } from './distrust.js';
import { join } from './layout.js';

/** What is looked at: nothing here changes anything. */
export type Look = Pick<FileSystem, 'inspect' | 'readLink'>;

export type PathReading =
  /** `path` is without links; `entry` is that of the directory. */
  | { readonly kind: 'there'; readonly path: string; readonly entry: Entry }
  /** `path` is the last directory that is there; `names` are those that are missing below it. */
  | {
      readonly kind: 'missing';
      readonly path: string;
      readonly entry: Entry;
      readonly names: readonly string[];
    }
  | { readonly kind: 'distrusted'; readonly path: string; readonly why: Distrust }
  | { readonly kind: 'failed'; readonly path: string; readonly cause: Cause };

/** path_resolution(7): the kernel follows no more. */
const LINKS_MAX = 40;

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

/**
 * @param path absolute
 * @param userId the caller's
 * @returns the directory with all links followed; the entry is judged as one on the way to something else
 */
export function followPath(path: string, userId: number, look: Look): PathReading {
  const top = look.inspect('/');
  if (top.kind !== 'entry') return { kind: 'failed', path: '/', cause: causeIn(top) };
  // In a user namespace root may have no id. Its owner of `/` can replace everything anyway.
  const owners = [userId, 0, top.entry.userId];
  const left = path.split('/').reverse();
  let at = '';
  let entry = top.entry;
  for (let links = 0; ; ) {
    if (!isSafeAbove(entry)) return { kind: 'distrusted', path: at || '/', why: 'above-writable' };
    const name = left.pop();
    if (name === undefined) return { kind: 'there', path: at || '/', entry };
    if (name === '' || name === '.') continue;
    const next = name === '..' ? parentOf(at) : join(at, name);
    const seen = next === '' ? top : look.inspect(next);
    if (seen.kind === 'absent')
      return { kind: 'missing', path: at || '/', entry, names: [name, ...left.filter(Boolean).reverse()] };
    if (seen.kind !== 'entry') return { kind: 'failed', path: next, cause: causeIn(seen) };
    if (!owners.includes(seen.entry.userId)) return { kind: 'distrusted', path: next, why: 'above-foreign' };
    if (seen.entry.type === 'directory') {
      at = next;
      entry = seen.entry;
      continue;
    }
    const link = look.readLink(next);
    links += 1;
    if (link.kind !== 'target' || links > LINKS_MAX) {
      const cause =
        links > LINKS_MAX ? TOO_MANY : causeIn(link.kind === 'target' ? { kind: 'wrong-type' } : link);
      return { kind: 'failed', path: next, cause };
    }
    left.push(...link.target.split('/').reverse());
    if (link.target.startsWith('/')) [at, entry] = ['', top.entry];
  }
}

const TOO_MANY: Cause = { code: 'ELOOP', message: 'ELOOP: too many symbolic links' };
