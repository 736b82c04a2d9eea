import { readdirSync, readFileSync } from 'node:fs';

/**
 * What the processes of a group take of memory, in bytes (proc_pid_status(5), VmRSS).
 * @returns undefined where that can't be seen
 */
export function groupResidentBytes(group: number): number | undefined {
  const members = processes().filter((pid) => groupOf(pid) === group);
  const sizes = members.map(residentBytes).filter((bytes) => bytes !== undefined);
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
  const stat = readOr(`/proc/${pid}/stat`);
  const group = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2];
  return group === undefined ? undefined : Number(group);
}

function residentBytes(pid: number): number | undefined {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readOr(`/proc/${pid}/status`))?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

function readOr(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
