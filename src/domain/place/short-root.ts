/**
 * Where the names live whose own path is too long for a socket. A directory in `/tmp` is the same for all
 * callers, whatever their environment; but another user may have taken its name. Then it is one of the
 * caller's own.
 */

import { basesOf, type CallerReading, type DerivedPlace, judgeBase } from './derive-place.js';
import { distrustOf } from './distrust.js';
import { fitsSocketPath, join, type Platform, type ShortRoot, shortHash } from './layout.js';
import { idsIn } from './scope.js';
import { followPath, type Look } from './trusted-path.js';

export function shortRootOf(
  { scope }: Pick<DerivedPlace, 'scope'>,
  caller: CallerReading,
  look: Look,
  platform: Platform,
): ShortRoot {
  // Without the boot: /tmp is this machine's, and a unit file names the path for more than one boot.
  const salt = `.${idsIn(scope)}`;
  const common = `/tmp/solod-${caller.userId}`;
  if (isFree(common, caller.userId, look)) return { root: common, salt };
  for (const base of basesOf(caller, look)) {
    const judged = judgeBase(
      { ...base, below: [...base.below.slice(0, -1), 'solod.short'] },
      caller.userId,
      look,
    );
    if (judged.kind === 'root' && fitsSocketPath(join(judged.path, shortHash('')), platform))
      return { root: judged.path, salt };
  }
  // Refused with its reason when it is prepared.
  return { root: common, salt };
}

function isFree(path: string, userId: number, look: Look): boolean {
  if (followPath('/tmp', userId, look).kind !== 'there') return false;
  const seen = look.inspect(path);
  return seen.kind === 'absent' || (seen.kind === 'entry' && distrustOf(seen.entry, userId) === undefined);
}
