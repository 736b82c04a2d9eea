/** Runs a service for one call: what it returned or threw becomes an exit code, or one line on stderr. */

import type { ServiceContext, ServiceFunction } from './define-service.js';
import { messageOf, textOf } from './thrown.js';

export type ServiceResult =
  | { readonly kind: 'returned'; readonly code: number }
  /** It threw, or returned no exit code. `line` says so to the caller. */
  | { readonly kind: 'failed'; readonly line: string };

/** The exit code of a service that threw. */
export const SERVICE_FAILED = 1;

/** A call whose streams are ready. */
export interface ReadyCall {
  readonly service: ServiceFunction;
  readonly context: ServiceContext;
  /** The line of a failure begins with it. */
  readonly name: string;
  /** From now on the service's output is refused. What it wrote before still goes out. */
  seal(): void;
  /**
   * Sends what a child writes to the caller, also after `seal`. Resolves at the end of the source. Never
   * rejects.
   */
  forward(source: NodeJS.ReadableStream, to: 'stdout' | 'stderr'): Promise<void>;
}

/** The process that the code of one call sees. */
export interface CallScope {
  /** Runs the service to its end. Never rejects. */
  run(call: ReadyCall): Promise<ServiceResult>;
  /**
   * Runs what calls back into the service: input has come, the call is aborted. A throw is the service's, and
   * ends its call.
   */
  enter(act: () => void): void;
  /** Runs solod's own code where the service has called it. */
  leave<T>(act: () => T): T;
  /** The caller has gone, or the daemon ends: signal handlers of the service run. */
  cancel(): void;
}

/** All calls see the one process that they run in. */
export const SHARED_PROCESS: CallScope = {
  run: async ({ service, context, name }) => {
    try {
      return resultOf((await service(context)) ?? 0, name);
    } catch (thrown) {
      return failureOf(thrown, name);
    }
  },
  enter: (act) => act(),
  leave: (act) => act(),
  cancel: () => {},
};

/** @param returned what the service returned */
export function resultOf(returned: unknown, name: string): ServiceResult {
  if (typeof returned === 'number' && Number.isInteger(returned) && returned >= 0 && returned <= 255)
    return { kind: 'returned', code: returned };
  return failed(`the service returned ${textOf(returned)}, which is no exit code`, name);
}

export const failureOf = (thrown: unknown, name: string): ServiceResult => failed(messageOf(thrown), name);

const failed = (message: string, name: string): ServiceResult => ({
  kind: 'failed',
  line: `${`${name}: ${message}`.trim().replace(/\s*[\r\n\u2028\u2029]+\s*/g, ' ')}\n`,
});
