import { getPriority, setPriority } from 'node:os';

/** What a login has: others read what a service makes, and don't write it. */
const UMASK = 0o022;

/**
 * Sets back what a started process has inherited of its starter and can change by itself.
 * @returns a line for each thing that the system does not let it change
 */
export function setBackInherited(): readonly string[] {
  process.umask(UMASK);
  return setBackPriority(0);
}

/** @param pid of a process of the same user; 0 for this one */
export function setBackPriority(pid: number): readonly string[] {
  const priority = getPriority(pid);
  if (priority === 0) return [];
  try {
    setPriority(pid, 0);
    return [];
  } catch {
    return [
      `this daemon has the priority of the process that started it (nice ${priority}), and may not change it`,
    ];
  }
}
