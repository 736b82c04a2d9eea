/** Sees to it that a place is this caller's scope's, before something is started there. */

import type { DerivedPlace } from '../../domain/place/derive-place.js';
import { recordLayout } from '../../domain/place/layout.js';
import { TOUCH_MS } from '../../domain/place/scope.js';
import type { CommonHost } from '../platforms/host.js';
import type { Resolved } from '../service/service-file.js';
import type { Housed } from './find-place.js';
import { placeChanges } from './load-place-changes.js';

/** Another scope may take the directory first; then a part is made. */
const ROUNDS_MAX = 3;

/**
 * @param resolve called again when something has been taken
 * @param derivedOf the place in what that returns
 */
export function settled<T>(
  resolve: () => Resolved<T>,
  derivedOf: (value: T) => DerivedPlace,
  host: CommonHost,
): Resolved<T> {
  for (let round = 1; ; round++) {
    const resolved = resolve();
    if (resolved.kind === 'failed' || round > ROUNDS_MAX) return resolved;
    const derived = derivedOf(resolved.value);
    const { standing, root } = derived;
    if (standing === 'own' || standing === 'part') {
      touchIfOld(host, root);
      return resolved;
    }
    placeChanges().takePlace(host, derived);
  }
}

export function touchIfOld(host: CommonHost, root: string): void {
  const seen = host.files.inspect(recordLayout.directory(root));
  if (seen.kind !== 'entry' || host.clock.now().wallMs - seen.entry.modifiedMs <= TOUCH_MS) return;
  ifStillInstalled(() => placeChanges().touchPlace(host, root));
}

/** The first call goes first: a look at other places takes processor time. */
const ELSEWHERE_MS = 500;

/** For a daemon that is ready: asks daemons of its name to end that live where its callers don't look. */
export function lookElsewhere(host: CommonHost, target: Housed): void {
  const look = (): unknown => placeChanges().retireElsewhere(host, target);
  setTimeout(() => ifStillInstalled(look), ELSEWHERE_MS).unref();
}

/** An update may have removed this release while a daemon of it serves. Then the next release does it. */
function ifStillInstalled(act: () => unknown): void {
  try {
    act();
  } catch {}
}
