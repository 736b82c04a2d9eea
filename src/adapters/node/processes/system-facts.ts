/** What the system says of storage, processes and cleaners. A diagnosis asks once, and changes nothing. */

import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Known, ProcessSight } from '../../../domain/doctor/daemon-checks.js';
import type { StorageReading } from '../../../domain/doctor/storage-checks.js';
import type { Cause, Failed } from '../../../ports/readings.js';
import { causeOf } from '../../errno.js';

function known<T>(read: () => T): Known<T> {
  try {
    return { kind: 'known', value: read() };
  } catch (error) {
    return { kind: 'failed', cause: causeOf(error) };
  }
}

/** statfs(2). */
export function storageOf(path: string): StorageReading {
  const reading = known(() => statfsSync(path));
  if (reading.kind === 'failed') return reading;
  const { type, bavail, bsize, files, ffree } = reading.value;
  return { kind: 'storage', type, freeBytes: bavail * bsize, inodes: files, freeInodes: ffree };
}

/** proc_pid_environ(5): the environment at the start of the process, without later changes. */
function environmentOf(pid: number): Readonly<Record<string, string>> {
  const text = readFileSync(`/proc/${pid}/environ`, 'utf8');
  const pairs = text.split('\0').map((pair): [string, string] => {
    const at = pair.indexOf('=');
    return [pair.slice(0, Math.max(at, 0)), pair.slice(at + 1)];
  });
  return Object.fromEntries(pairs.filter(([variable]) => variable !== ''));
}

/** namespaces(7): two processes are in one namespace if these links are the same. */
export const networkNamespaceOf = (pid: number | 'self'): Known<string> =>
  known(() => readlinkSync(`/proc/${pid}/ns/net`));

function signalOf(pid: number): ProcessSight['signal'] {
  try {
    process.kill(pid, 0);
    return { kind: 'allowed' };
  } catch (error) {
    const cause = causeOf(error);
    return cause.code === 'ESRCH' ? { kind: 'gone' } : { kind: 'refused', cause };
  }
}

export function sightProcess(pid: number): ProcessSight {
  return {
    environment: known(() => environmentOf(pid)),
    networkNamespace: networkNamespaceOf(pid),
    signal: signalOf(pid),
  };
}

// Without O_NONBLOCK, open(2) of a fifo waits for its other end.
const TO_APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Opens an existing file for appending, and writes nothing. */
export function tryAppend(path: string): { readonly kind: 'done' } | Failed {
  try {
    const descriptor = openSync(path, TO_APPEND);
    try {
      return fstatSync(descriptor).isFile() ? { kind: 'done' } : { kind: 'failed', cause: NO_FILE };
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    const cause = causeOf(error);
    // The first writer creates it.
    return cause.code === 'ENOENT' ? { kind: 'done' } : { kind: 'failed', cause };
  }
}

const NO_FILE: Cause = { code: 'EINVAL', message: 'it is not a plain file' };

interface Cleaners {
  /** Texts of the configuration of systemd-tmpfiles; none where systemd does not run. */
  readonly tmpfiles: readonly string[];
  /** Paths of other tools that clean /tmp every day. */
  readonly daily: readonly string[];
}

/** tmpfiles.d(5), in order of precedence: a file replaces those of the same name in later directories. */
const TMPFILES = ['/etc/tmpfiles.d', '/run/tmpfiles.d', '/usr/local/lib/tmpfiles.d', '/usr/lib/tmpfiles.d'];
const DAILY = ['/etc/cron.daily/tmpreaper', '/etc/cron.daily/tmpwatch'];

export function cleaners(): Cleaners {
  const isThere = (path: string): boolean => known(() => statSync(path)).kind === 'known';
  // sd_booted(3)
  const booted = isThere('/run/systemd/system');
  return { tmpfiles: booted ? tmpfilesTexts(TMPFILES) : [], daily: DAILY.filter(isThere) };
}

function tmpfilesTexts(directories: readonly string[]): string[] {
  const texts = new Map<string, string>();
  for (const directory of directories) {
    const listed = known(() => readdirSync(directory));
    const names = listed.kind === 'known' ? listed.value.filter((name) => name.endsWith('.conf')) : [];
    for (const name of names) {
      const text = known(() => readFileSync(join(directory, name), 'utf8'));
      if (text.kind === 'known' && !texts.has(name)) texts.set(name, text.value);
    }
  }
  return [...texts.values()];
}
