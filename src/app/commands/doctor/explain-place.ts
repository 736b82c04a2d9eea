/** `solod doctor --explain-place`: where this caller's daemons live, and why there. */

import { BASES, ignoredText } from '../../../domain/doctor/place-checks.js';
import type { Derivation, DerivedPlace, Ignored } from '../../../domain/place/derive-place.js';
import { idsIn, type Standing } from '../../../domain/place/scope.js';
import { failureOf } from '../../library/daemon-target.js';
import { sentence } from '../../texts/failure-sentence.js';

const STANDINGS: Readonly<Record<Standing, string>> = {
  own: 'the names in it are those of this scope',
  free: 'nobody has used it yet',
  over: 'the scope that used it is over (another boot, or not seen for 30 days), and this one takes its place',
  part: 'another scope has the names in it, and this one has a part',
  'new-part': 'another scope has the names in it, and this one gets a part',
};

interface Explained {
  readonly facts: object;
  readonly text: string;
}

/** @param ignored those of all bases, also of those after the one that is used */
export function explainPlace(derived: Derivation, ignored: readonly Ignored[]): Explained {
  const rows =
    derived.kind === 'place' ? rowsOf(derived) : [['refused', sentence(failureOf(derived))] as const];
  const others = ignored.map(({ base, path, why }) => {
    const row = ['ignored', `${path} (${BASES[base]}) ${ignoredText(why)}`] as const;
    return row;
  });
  const text = [...rows, ...others].map(([name, value]) => `${name.padEnd(10)}${value}\n`).join('');
  return { facts: { ...factsOf(derived), ignored }, text };
}

function factsOf(derived: Derivation): object {
  if (derived.kind !== 'place') return { ...derived, message: sentence(failureOf(derived)) };
  return { ...derived, scope: idsIn(derived.scope) };
}

/** What is printed for the scope is what `SOLOD_SCOPE` takes. */
const rowsOf = ({ asked, base, root, standing, scope }: DerivedPlace) =>
  [
    ['place', root],
    ['because', `${asked}, by ${BASES[base]}`],
    ['standing', STANDINGS[standing]],
    ['scope', idsIn(scope)],
  ] as const;
