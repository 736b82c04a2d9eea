import { readFileSync } from 'node:fs';
import { judgeLimits, type LimitsVerdict } from '../../../domain/lifecycle/inherited-limits.js';

/**
 * What a process that this one starts would have to live with. Where nothing can be seen, nothing is in the
 * way.
 */
export function ownLimits(): LimitsVerdict {
  const stat = textOf('/proc/self/stat');
  return judgeLimits({
    limits: textOf('/proc/self/limits'),
    status: textOf('/proc/self/status'),
    // The first field after the name is the third.
    policy: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[38] ?? 0),
    processors: textOf('/sys/devices/system/cpu/online').trim(),
  });
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
