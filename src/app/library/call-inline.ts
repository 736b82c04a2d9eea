/** A call without a daemon: the same service, in the caller's own process. */

import { finished, Readable, type Writable } from 'node:stream';
import type { Cause } from '../../ports/readings.js';
import { EXIT } from '../environment/exit-codes.js';
import type { ServiceContext } from '../service/define-service.js';
import { loadService } from '../service/load-service.js';
import { perform, SERVICE_FAILED } from '../service/run-service.js';
import { causeOfStream } from '../wire/caller-streams.js';

export interface InlineCall extends Pick<ServiceContext, 'args' | 'cwd' | 'env'> {
  /** The real path of the service file. */
  readonly service: string;
  readonly name: string;
  readonly stdin: Readable | (() => Readable) | undefined;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly signal: AbortSignal | undefined;
}

export type InlineResult =
  | { readonly kind: 'exited'; readonly code: number }
  /** The service does not load. */
  | { readonly kind: 'declined'; readonly message: string; readonly exitCode: number }
  | { readonly kind: 'cancelled'; readonly by: 'signal' }
  | { readonly kind: 'cancelled'; readonly by: 'stdin' | 'stdout' | 'stderr'; readonly cause: Cause };

type Cancelled = Extract<InlineResult, { kind: 'cancelled' }>;

/** Never rejects. */
export async function callInline(call: InlineCall): Promise<InlineResult> {
  const loading = await loadService(call.service, call.name);
  if (loading.kind === 'broken')
    return { kind: 'declined', message: loading.message, exitCode: EXIT.software };
  const { args, cwd, env, stdout, stderr } = call;
  const stdin = typeof call.stdin === 'function' ? call.stdin() : (call.stdin ?? Readable.from([]));
  const { promise: cancelled, signal, release } = watch(call, stdin);
  const finishing = perform(
    loading.service.run,
    { args, cwd, env, stdin, stdout, stderr, signal },
    call.name,
  );
  const result = await Promise.race([finishing, cancelled]);
  if (result.kind === 'failed') stderr.write(result.line);
  if (result.kind !== 'cancelled') await Promise.all([flushed(stdout), flushed(stderr)]);
  release();
  // A service that does not wait for its writes may be done before their failure is told.
  const broken = brokenStream({ stdin, stdout, stderr });
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

type Streams = { readonly stdin: Readable } & Pick<InlineCall, 'stdout' | 'stderr'>;

function brokenStream(streams: Streams): Cancelled | undefined {
  for (const by of ['stdin', 'stdout', 'stderr'] as const) {
    const { errored } = streams[by];
    if (errored) return { kind: 'cancelled', by, cause: causeOfStream(errored) };
  }
  return undefined;
}

interface CancelWatch {
  readonly promise: Promise<Cancelled>;
  /** The service's. */
  readonly signal: AbortSignal;
  readonly release: () => void;
}

/** The caller's signal, or one of its streams that fails: the reader of an output has gone, say. */
function watch({ signal, stdout, stderr }: InlineCall, stdin: Readable): CancelWatch {
  const controller = new AbortController();
  const { promise, resolve } = withResolvers<Cancelled>();
  const cancel = (how: Cancelled): void => {
    controller.abort();
    resolve(how);
  };
  const onAbort = (): void => cancel({ kind: 'cancelled', by: 'signal' });
  const onError = (by: 'stdin' | 'stdout' | 'stderr') => (error: Error) =>
    cancel({ kind: 'cancelled', by, cause: causeOfStream(error) });
  const [onStdin, onStdout, onStderr] = [onError('stdin'), onError('stdout'), onError('stderr')];
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted) onAbort();
  stdin.on('error', onStdin);
  stdout.on('error', onStdout);
  stderr.on('error', onStderr);
  return {
    promise,
    signal: controller.signal,
    release: () => {
      signal?.removeEventListener('abort', onAbort);
      stdin.off('error', onStdin);
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

/** Everything written has gone out, or never will. */
function flushed(stream: Writable): Promise<void> {
  if (stream.destroyed || stream.writableFinished) return Promise.resolve();
  return new Promise((resolve) => {
    if (stream.writableEnded) finished(stream, { readable: false }, () => resolve());
    else stream.write('', () => resolve());
  });
}
