/** Runs a service on one call, in whatever process: what it returned, or threw, becomes an exit code or one line. */

import type { ServiceContext, ServiceFunction } from './define-service.js';

export type ServiceResult =
  | { readonly kind: 'returned'; readonly code: number }
  /** It threw, or returned no exit code; `line` says so to the caller. */
  | { readonly kind: 'failed'; readonly line: string };

/** The exit code of a service that threw. */
export const SERVICE_FAILED = 1;

/**
 * Never rejects.
 * @param name what the line begins with
 */
export async function perform(
  run: ServiceFunction,
  context: ServiceContext,
  name: string,
): Promise<ServiceResult> {
  const failed = (message: string): ServiceResult => ({
    kind: 'failed',
    line: `${oneLine(`${name}: ${message}`)}\n`,
  });
  try {
    const code: unknown = (await run(context)) ?? 0;
    if (typeof code === 'number' && Number.isInteger(code) && code >= 0 && code <= 255)
      return { kind: 'returned', code };
    return failed(`the service returned ${describe(code)}, which is no exit code`);
  } catch (thrown) {
    return failed(messageOf(thrown));
  }
}

function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return describe(thrown);
  return thrown.message === '' ? thrown.name : thrown.message;
}

/** A thrown or returned value may be anything, even something that can't be made a string. */
function describe(value: unknown): string {
  try {
    return String(value);
  } catch {
    return `a value of type ${typeof value}`;
  }
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*[\r\n\u2028\u2029]+\s*/g, ' ');
}
