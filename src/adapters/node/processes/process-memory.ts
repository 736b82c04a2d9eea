import { readdirSync } from 'node:fs';
import { statFields, textOf } from './proc-files.js';

/**
 * @returns how much memory this process takes, in bytes; where there is no /proc, the most that it has taken
 * so far
 */
export function residentBytes(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}

/**
 * What the processes of a group take of memory, in bytes (proc_pid_status(5), VmRSS).
 * @returns undefined where that can't be seen
 */
export function groupResidentBytes(group: number): number | undefined {
  const members = processes().filter((pid) => groupOf(pid) === group);
  const sizes = members.map(residentBytesOf).filter((bytes) => bytes !== undefined);
  return sizes.length === 0 ? undefined : sizes.reduce((sum, bytes) => sum + bytes, 0);
}

function processes(): readonly number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^[0-9]+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** proc_pid_stat(5), field 5. */
function groupOf(pid: number): number | undefined {
  const group = statFields(textOf(`/proc/${pid}/stat`))[2];
  return group === undefined ? undefined : Number(group);
}

function residentBytesOf(pid: number): number | undefined {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(textOf(`/proc/${pid}/status`))?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}
