/** Where the daemons of a caller live, and which other callers share them. */

import type { BaseKind, DerivedPlace, Ignored, IgnoredWhy } from '../place/derive-place.js';
import { causeText } from '../procedure/cause.js';
import { DISTRUST } from '../text/distrust-text.js';
import { note, type SymptomsOf, type Tellers } from './finding-parts.js';

/** What names each base, or knows it. */
export const BASES: Readonly<Record<BaseKind, string>> = {
  named: 'SOLOD_DIR or --state-dir',
  runtime: "the user's runtime directory",
  'state-home': 'XDG_STATE_HOME',
  home: 'HOME',
  'user-home': "the user database's home",
  session: 'XDG_RUNTIME_DIR',
};

/** Follows the path of the base. */
export function ignoredText(why: IgnoredWhy): string {
  switch (why.kind) {
    case 'relative':
      return 'is not absolute';
    case 'absent':
      return 'is not there';
    case 'foreign':
      return 'belongs to another user';
    case 'open':
      return 'may be entered by others (its mode is not 0700)';
    case 'above-foreign':
      return `has a directory of another user in it, ${why.at}, in which solod makes nothing`;
    case 'distrusted':
      return `is not used, because ${why.at} ${DISTRUST[why.why].what}`;
    case 'failed':
      return `can't be looked at: ${causeText(why.cause)}`;
  }
}

/** Only these are known to some callers of a user and not to others. */
const OF_SOME_CALLERS: ReadonlySet<BaseKind> = new Set(['state-home', 'session']);

/** @param ignored those of all bases, also of those after the one that is used */
export function symptomsOfPlace(
  { base, asked, root }: DerivedPlace,
  ignored: readonly Ignored[],
): PlaceSymptom[] {
  // A runtime directory is there while the user is logged in; what is relative has a finding of its own.
  const told = ignored.filter(({ why }) => why.kind !== 'absent' && why.kind !== 'relative');
  return [
    ...told.map((one): PlaceSymptom => ({ kind: 'base-ignored', ...one })),
    ...(OF_SOME_CALLERS.has(base) ? [{ kind: 'base-of-some', base, asked } as const] : []),
    ...(root === asked ? [] : [{ kind: 'another-scope', asked, root } as const]),
  ];
}

export const PLACE_TELLERS = {
  'base-ignored': ({ base, path, why }: Ignored) =>
    note(path, `${BASES[base]} leads here, which ${ignoredText(why)}; it is ignored`, TODO[why.kind]),
  'base-of-some': ({ base, asked }: { base: BaseKind; asked: string }) =>
    note(
      asked,
      `${BASES[base]} leads here: callers without it (cron, units, su) have daemons of their own`,
      `set ${BASES[base]}, or SOLOD_DIR, for all callers`,
    ),
  'another-scope': ({ asked, root }: { asked: string; root: string }) =>
    note(
      asked,
      `the names in it belong to callers that see other files, networks or processes, or to another machine; yours lie in ${root}`,
      'nothing; if both share what matters, set SOLOD_SCOPE to the same word for both',
    ),
} as const satisfies Tellers;

const TODO: Readonly<Record<IgnoredWhy['kind'], string>> = {
  relative: 'set it to an absolute path',
  absent: 'nothing, or make it',
  foreign: 'set it to a directory of your own (su and sudo -E keep the variables of the user before)',
  open: 'run "chmod 700" on it',
  'above-foreign': 'give it back to its owner ("chown"), or remove it',
  distrusted: 'take that right away from others, or give the directory back to its owner',
  failed: 'fix that, or set SOLOD_DIR to another directory',
};

export type PlaceSymptom = SymptomsOf<typeof PLACE_TELLERS>;
