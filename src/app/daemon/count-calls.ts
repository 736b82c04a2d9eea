import type { Arrival, Tally } from '../../domain/statistics/daemon-tally.js';
import { nodeClock } from '../platforms/node-platform.js';
import type { CallScope } from '../service/run-service.js';

/** Milliseconds by the monotonic clock. */
export const nowMs = (): number => nodeClock.now().monotonicMs;

/** The same process, with its call counted. */
export function measured(scope: CallScope, tally: Tally, arrival: Arrival): CallScope {
  return {
    run: async (call) => {
      const end = tally.begin(arrival, nowMs());
      const result = await scope.run(call);
      end(nowMs(), result.kind === 'returned' && result.code === 0 ? 'well' : 'failed');
      return result;
    },
    enter: (act) => scope.enter(act),
    leave: (act) => scope.leave(act),
    cancel: () => scope.cancel(),
  };
}
