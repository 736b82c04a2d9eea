/**
 * What a procedure has been told since its phase began. Two procedures that were told the same stand at the
 * same point.
 */

import type { Mark } from '../domain/procedure/procedure.js';
import { frozen } from './plain-data.js';

/** Of a part that has ended only the outcome is left. */
export type Told =
  | { readonly kind: 'reading'; readonly reading: unknown }
  | { readonly kind: 'begun-part' }
  | { readonly kind: 'outcome'; readonly outcome: unknown };

export const toldReading = (told: readonly Told[], reading: unknown): readonly Told[] => [
  ...told,
  { kind: 'reading', reading: frozen(reading) },
];

export function toldMark(told: readonly Told[], mark: Mark): readonly Told[] {
  switch (mark.kind) {
    case 'phase':
      frozen(mark.memory);
      return [];
    case 'part':
      frozen(mark.args);
      return [...told, { kind: 'begun-part' }];
    case 'end-of-part': {
      const begun = told.findLastIndex(({ kind }) => kind === 'begun-part');
      return [...told.slice(0, begun), { kind: 'outcome', outcome: frozen(mark.outcome) }];
    }
  }
}
