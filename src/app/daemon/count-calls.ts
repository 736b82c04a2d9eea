import type { Caller } from '../../domain/evidence/edition.js';
import type { Arrival, Tally } from '../../domain/statistics/daemon-tally.js';
import { nodeClock } from '../platforms/node-platform.js';
import type { CallScope } from '../service/run-service.js';

/** A request, as it arrived at this daemon. */
export interface CallerArrival extends Arrival {
  readonly caller: Caller | undefined;
  /** `late`: the service had been loaded, or had failed to load. */
  readonly came: 'in-time' | 'late';
}

/** Milliseconds by the monotonic clock. */
export const nowMs = (): number => nodeClock.now().monotonicMs;

/** The same process, with its call counted. */
export function measured(scope: CallScope, tally: Tally, arrival: Arrival): CallScope {
  return {
    run: (call) => {
      const end = tally.begin(arrival, nowMs());
      return scope.run(call).then((result) => {
        end(nowMs(), result.kind === 'returned' && result.code === 0 ? 'well' : 'failed');
        return result;
      });
    },
    enter: (act) => scope.enter(act),
    leave: (act) => scope.leave(act),
    cancel: () => scope.cancel(),
  };
}
