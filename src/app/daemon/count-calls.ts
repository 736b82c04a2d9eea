import { performance } from 'node:perf_hooks';
import type { Arrival, Tally } from '../../domain/statistics/daemon-tally.js';
import type { ServiceFunction } from '../service/define-service.js';

/** Milliseconds by the monotonic clock. */
export const nowMs = (): number => performance.now();

/** Wraps a service so that its call is counted. */
export function measured(run: ServiceFunction, tally: Tally, arrival: Arrival): ServiceFunction {
  return async (context) => {
    const end = tally.begin(arrival, nowMs());
    try {
      const code = await run(context);
      end(nowMs(), (code ?? 0) === 0 ? 'well' : 'failed');
      return code;
    } catch (error) {
      end(nowMs(), 'failed');
      throw error;
    }
  };
}
