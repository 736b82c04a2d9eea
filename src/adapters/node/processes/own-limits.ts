import { judgeLimits, type LimitsVerdict } from '../../../domain/lifecycle/inherited-limits.js';
import { statFields, textOf } from './proc-files.js';

/**
 * What a process that this one starts would have to live with. Where nothing can be seen, nothing is in the
 * way.
 */
export function ownLimits(): LimitsVerdict {
  return judgeLimits({
    limits: textOf('/proc/self/limits'),
    status: textOf('/proc/self/status'),
    // The first field after the name is the third.
    policy: Number(statFields(textOf('/proc/self/stat'))[38] ?? 0),
    processors: textOf('/sys/devices/system/cpu/online').trim(),
  });
}
