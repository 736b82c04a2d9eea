/** A call without a daemon: the same service, in the caller's own process. */

import { finished, Readable, type Writable } from 'node:stream';
import type { Cause } from '../../ports/readings.js';
import { EXIT } from '../environment/exit-codes.js';
import type { ServiceContext } from '../service/define-service.js';
import { loadService } from '../service/load-service.js';
import { perform, SERVICE_FAILED } from '../service/run-service.js';
import { causeOfStream } from '../wire/caller-streams.js';

interface InlineCall extends Pick<ServiceContext, 'args' | 'cwd' | 'env'> {
  /** Real path of the service file. */
  readonly service: string;
  readonly name: string;
  readonly stdin: Readable | (() => Readable) | undefined;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly signal: AbortSignal | undefined;
}

type InlineResult =
  | { readonly kind: 'exited'; readonly code: number }
  /** The service does not load. */
  | { readonly kind: 'declined'; readonly message: string; readonly exitCode: number }
  | { readonly kind: 'cancelled'; readonly by: 'signal' }
  | { readonly kind: 'cancelled'; readonly by: 'stdout' | 'stderr'; readonly cause: Cause };

type Cancelled = Extract<InlineResult, { kind: 'cancelled' }>;

/** Never rejects. */
export async function callInline(call: InlineCall): Promise<InlineResult> {
  const loading = await loadService(call.service, call.name);
  if (loading.kind === 'broken')
    return { kind: 'declined', message: loading.message, exitCode: EXIT.software };
  const { promise: cancelled, signal, release } = watch(call);
  const { args, cwd, env, stdout, stderr } = call;
  const stdin = typeof call.stdin === 'function' ? call.stdin() : (call.stdin ?? Readable.from([]));
  const finishing = perform(
    loading.service.run,
    { args, cwd, env, stdin, stdout, stderr, signal },
    call.name,
  );
  const result = await Promise.race([finishing, cancelled]);
  if (result.kind === 'failed') stderr.write(result.line);
  if (result.kind !== 'cancelled') await Promise.all([flushed(stdout), flushed(stderr)]);
  release();
  // A service that does not wait for its writes may end before they fail.
  const broken = brokenOutput(call);
  if (broken !== undefined) return broken;
  switch (result.kind) {
    case 'cancelled':
      return result;
    case 'returned':
      return { kind: 'exited', code: result.code };
    case 'failed':
      return { kind: 'exited', code: SERVICE_FAILED };
  }
}

function brokenOutput({ stdout, stderr }: InlineCall): Cancelled | undefined {
  for (const [by, { errored }] of [
    ['stdout', stdout],
    ['stderr', stderr],
  ] as const)
    if (errored) return { kind: 'cancelled', by, cause: causeOfStream(errored) };
  return undefined;
}

interface CancelWatch {
  readonly promise: Promise<Cancelled>;
  /** Aborts the service. */
  readonly signal: AbortSignal;
  readonly release: () => void;
}

/** Watches the caller's signal, and its output for a reader that goes away. */
function watch({ signal, stdout, stderr }: InlineCall): CancelWatch {
  const controller = new AbortController();
  const { promise, resolve } = withResolvers<Cancelled>();
  const cancel = (how: Cancelled): void => {
    controller.abort();
    resolve(how);
  };
  const onAbort = (): void => cancel({ kind: 'cancelled', by: 'signal' });
  const onError = (by: 'stdout' | 'stderr') => (error: Error) =>
    cancel({ kind: 'cancelled', by, cause: causeOfStream(error) });
  const [onStdout, onStderr] = [onError('stdout'), onError('stderr')];
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted) onAbort();
  stdout.on('error', onStdout);
  stderr.on('error', onStderr);
  return {
    promise,
    signal: controller.signal,
    release: () => {
      signal?.removeEventListener('abort', onAbort);
      stdout.off('error', onStdout);
      stderr.off('error', onStderr);
    },
  };
}

function withResolvers<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** Resolves when all output is written, or never will be. */
function flushed(stream: Writable): Promise<void> {
  if (stream.destroyed || stream.writableFinished) return Promise.resolve();
  return new Promise((resolve) => {
    if (stream.writableEnded) finished(stream, { readable: false }, () => resolve());
    else stream.write('', () => resolve());
  });
}
