import { closeSync, readdirSync, readFileSync } from 'node:fs';

/** open(2), O_CLOEXEC on Linux; the flags in /proc/<pid>/fdinfo (proc_pid_fdinfo(5)) are octal. */
const O_CLOEXEC = 0o2000000;
const STANDARD = 2;

/**
 * Closes what this process has inherited beside stdin, stdout and stderr: a pipe of the caller's, say, whose reader would wait
 * for as long as this process lives. What is inherited came through execve(2), and so is not marked to be closed there, while
 * Node marks whatever it opens itself. Where there is no /proc nothing is closed.
 * @param keep the descriptor that is there on purpose
 */
export function closeInheritedDescriptors(keep: number | undefined): void {
  for (const name of namesIn('/proc/self/fd')) {
    const descriptor = Number(name);
    if (descriptor <= STANDARD || descriptor === keep || !isInherited(descriptor)) continue;
    try {
      closeSync(descriptor);
    } catch {
      // Closed in the meantime.
    }
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
