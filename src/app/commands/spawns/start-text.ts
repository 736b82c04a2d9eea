/** Why a process was started, and how it ended, in words for the list and the picture. */

import type { Lane, Outcome } from '../../../domain/lifecycle/start-history.js';

export function reasonText({ reason, asker, by }: Pick<Lane, 'reason' | 'asker' | 'by'>): string {
  return reason === undefined ? 'started by hand' : `${reason}, by ${asker} (${by})`;
}

export function outcomeText(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'open':
      return outcome.phase;
    case 'gave-way':
      return `gave way to generation ${outcome.generation}`;
    case 'failed':
      return `failed ${firstLine(outcome.message)}`;
    case 'ended':
      return outcome.why === '' ? 'ended' : `ended: ${outcome.why}`;
    case 'gone':
      return 'gone without a report';
  }
}

export const firstLine = (text: string): string => text.split('\n', 1).join('');
