/** Whether the file system is one on which daemons can live: its type, its room, and who cleans it up. */

import type { Cause } from '../../ports/readings.js';
import type { Platform } from '../place/layout.js';
import { causeText } from '../procedure/cause.js';
import { ELSEWHERE, note, ok, problem, type SymptomsOf, type Tellers, unknown } from './finding-parts.js';

export type StorageReading =
  | {
      readonly kind: 'storage';
      /** statfs(2)'s `f_type`. */
      readonly type: number;
      readonly freeBytes: number;
      readonly inodes: number;
      readonly freeInodes: number;
    }
  | { readonly kind: 'failed'; readonly cause: Cause };

/** File systems whose files other machines can change, by linux/magic.h and statfs(2). */
const SHARED: Readonly<Record<number, string>> = {
  26985: 'NFS',
  20859: 'SMB',
  4283649346: 'CIFS',
  4266872130: 'SMB2',
  1397113167: 'AFS',
  1799439955: 'AFS',
  1937076805: 'Coda',
  12805120: 'Ceph',
  198183888: 'Lustre',
  1196443219: 'GPFS',
  1952539503: 'OCFS2',
  18225520: 'GFS2',
};

/** File systems behind which there is another program, or another operating system. */
const FOREIGN: Readonly<Record<number, string>> = {
  16914839: '9p',
  1397114950: 'drvfs of WSL',
  1702057286: 'FUSE',
  2020557398: 'vboxsf',
  19780: 'FAT',
  538032816: 'exFAT',
  1397118030: 'NTFS',
  1936094318: 'NTFS',
};

const LOCAL: Readonly<Record<number, string>> = {
  61267: 'ext4',
  16914836: 'tmpfs',
  2035054128: 'overlay',
  1481003842: 'XFS',
  2435016766: 'Btrfs',
  801189825: 'ZFS',
  4076150800: 'F2FS',
  3393526350: 'bcachefs',
  2240043254: 'ramfs',
};

/** An owner file, a lock's record, a line of the ledger and the directories that they are in. */
const ENOUGH_BYTES = 64 * 1024;

/** The numbers of types are Linux's. On other platforms nothing is concluded from them. */
export function symptomsOfStorage(
  path: string,
  reading: StorageReading,
  platform: Platform,
): StorageSymptom[] {
  if (reading.kind === 'failed') return [{ kind: 'file-system-unknown', path, cause: reading.cause }];
  const symptoms = platform === 'linux' ? [symptomOfType(path, reading.type >>> 0)] : [];
  if (reading.freeBytes < ENOUGH_BYTES)
    symptoms.push({ kind: 'no-space', path, freeBytes: reading.freeBytes });
  // Some file systems have no table of inodes and report 0 of 0.
  if (reading.inodes > 0 && reading.freeInodes === 0) symptoms.push({ kind: 'no-inodes', path });
  return symptoms;
}

function symptomOfType(path: string, type: number): StorageSymptom {
  const shared = SHARED[type];
  if (shared !== undefined) return { kind: 'file-system-shared', path, name: shared };
  const foreign = FOREIGN[type];
  if (foreign !== undefined) return { kind: 'file-system-foreign', path, name: foreign };
  return { kind: 'file-system', path, name: LOCAL[type] ?? `of type 0x${type.toString(16)}` };
}

const CLEANING = /^[dDvqQe][!+=~^$-]*$/;
const IGNORING = /^[xX][!+=~^$-]*$/;

/**
 * After which age systemd-tmpfiles removes the files at a path. By tmpfiles.d(5) the line for the nearest
 * directory above counts, and a line `x` exempts.
 * @param texts the configuration files that are in force
 * @returns undefined if it removes nothing there
 */
export function cleanedAfter(path: string, texts: readonly string[]): string | undefined {
  const lines = texts.flatMap((text) => text.split('\n')).map((line) => line.trim().split(/\s+/));
  const above = (pattern: string): boolean =>
    path === pattern || path.startsWith(`${pattern.replace(/\/$/, '')}/`);
  const ignored = lines.some(
    ([type = '', pattern = '']) => IGNORING.test(type) && above(pattern.replace(/\/?\*$/, '') || '/'),
  );
  if (ignored) return undefined;
  const [nearest] = lines
    .filter(([type = '', pattern = '']) => CLEANING.test(type) && pattern.startsWith('/') && above(pattern))
    .sort(([, a = ''], [, b = '']) => b.length - a.length);
  const age = nearest?.[5];
  return age === undefined || age === '-' ? undefined : age;
}

export const STORAGE_TELLERS = {
  'file-system': ({ path, name }: { path: string; name: string }) => ok(path, `the file system is ${name}`),
  'file-system-shared': ({ path, name }: { path: string; name: string }) =>
    problem(
      path,
      `the file system (${name}) is shared over a network: another machine's daemon looks dead from here and would be replaced`,
      ELSEWHERE,
    ),
  'file-system-foreign': ({ path, name }: { path: string; name: string }) =>
    note(
      path,
      `the file system (${name}) passes calls on to another system; sockets are less reliable there than on a local disk`,
      `nothing if the trial passes, else ${ELSEWHERE}`,
    ),
  'file-system-unknown': ({ path, cause }: { path: string; cause: Cause }) =>
    unknown(path, `the type of the file system can't be read: ${causeText(cause)}`),
  'no-space': ({ path, freeBytes }: { path: string; freeBytes: number }) =>
    problem(path, `the file system is full: ${freeBytes} bytes are free`, 'make room there'),
  'no-inodes': ({ path }: { path: string }) =>
    problem(
      path,
      'the file system has no free inodes: no file can be made',
      'remove files there, however small',
    ),
  'tmp-cleaner': ({
    path,
    tool,
    age,
    sticky,
  }: {
    path: string;
    tool: string;
    age: string;
    sticky: 'all' | 'not-all';
  }) =>
    note(
      path,
      `${tool} removes files older than ${age} there${
        sticky === 'all'
          ? '; the sticky bit protects the sockets, but no link, and so not "current"'
          : ', and a daemon whose files are gone can no longer be found'
      }`,
      `exempt it (a line "x ${path}" in /etc/tmpfiles.d/solod.conf), or set SOLOD_DIR to a directory elsewhere`,
    ),
} as const satisfies Tellers;

export type StorageSymptom = SymptomsOf<typeof STORAGE_TELLERS>;
