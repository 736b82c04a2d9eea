/** A daemon that is asked for by its name alone: it is started as it was before, by its launch file. */

import type { Failure } from '../../domain/failure.js';
import { unpreparedFailure } from '../../domain/failure.js';
import { layout } from '../../domain/place/layout.js';
import { prepareDirectory } from '../../domain/place/state-directory.js';
import { runSync } from '../../domain/procedure/run.js';
import { type DaemonRequest, requestOfLaunch, type TimingOptions } from '../library/daemon-request.js';
import { type NameOptions, resolveTarget, settledTarget, type Target } from '../library/daemon-target.js';
import { type CallerHost, portsOf } from '../platforms/host.js';

export type LaunchedRequest =
  | { readonly kind: 'resolved'; readonly value: DaemonRequest }
  | { readonly kind: 'failed'; readonly failure: Failure }
  /** Nothing was ever started under that name. */
  | { readonly kind: 'unknown'; readonly target: Target };

export function launchedRequest(host: CallerHost, options: NameOptions & TimingOptions): LaunchedRequest {
  const found = resolveTarget(options, host);
  if (found.kind === 'failed') return found;
  // A name that nobody uses gets no directory.
  if (host.files.inspect(found.value.place.directory).kind === 'absent')
    return { kind: 'unknown', target: found.value };
  const resolved = settledTarget(options, host);
  if (resolved.kind === 'failed') return resolved;
  const target = resolved.value;
  const { place } = target;
  const prepared = runSync(prepareDirectory({ place, userId: host.userId }), portsOf(host));
  if (prepared.kind !== 'prepared') return { kind: 'failed', failure: unpreparedFailure(prepared) };
  const read = host.files.readText(layout.launch(place.directory));
  const [program, ...args] = read.kind === 'text' ? read.text.split('\0').slice(0, -1) : [];
  if (program === undefined) return { kind: 'unknown', target };
  return { kind: 'resolved', value: requestOfLaunch([program, ...args], target, host, options) };
}
