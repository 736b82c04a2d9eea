import { closeSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** open(2), O_CLOEXEC on Linux. The flags in /proc/<pid>/fdinfo (proc_pid_fdinfo(5)) are octal. */
const O_CLOEXEC = 0o2000000;
const STDERR = 2;

/**
 * Closes what this process has inherited besides stdin, stdout and stderr. An inherited pipe of the caller's
 * would stay open, and its reader would wait, for as long as this process lives. Inherited descriptors came
 * through execve(2), so they lack O_CLOEXEC, with which Node opens all of its own. Without a /proc nothing is
 * closed.
 * @param keep a descriptor that is inherited on purpose
 */
export function closeInheritedDescriptors(keep: number | undefined): void {
  for (const name of namesIn('/proc/self/fd')) {
    const descriptor = Number(name);
    if (descriptor <= STDERR || descriptor === keep || !isInherited(descriptor)) continue;
    closeDescriptor(descriptor);
  }
}

/** Whether a descriptor is a socket that no child of this process gets. False without a /proc. */
export function isOwnSocket(descriptor: number): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith('socket:') && !isInherited(descriptor);
  } catch {
    return false;
  }
}

/** That it is closed already is fine. */
export function closeDescriptor(descriptor: number): void {
  try {
    closeSync(descriptor);
  } catch {
    // It was not open.
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function isInherited(descriptor: number): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1'));
    return flags?.[1] !== undefined && (Number.parseInt(flags[1], 8) & O_CLOEXEC) === 0;
  } catch {
    return false;
  }
}
