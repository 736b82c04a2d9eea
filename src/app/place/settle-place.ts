/** Sees to it that a place is this caller's scope's, before something is started there. */

import type { DerivedPlace } from '../../domain/place/derive-place.js';
import { recordLayout } from '../../domain/place/layout.js';
import { TOUCH_MS } from '../../domain/place/scope.js';
import type { CommonHost } from '../platforms/host.js';
import type { Resolved } from '../service/service-file.js';
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
  if (seen.kind === 'entry' && host.clock.now().wallMs - seen.entry.modifiedMs > TOUCH_MS)
    placeChanges().touchPlace(host, root);
}
