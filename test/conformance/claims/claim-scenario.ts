/**
 * Scenarios of the claim as data, in `claims.json`: a directory, candidates that come one after the other,
 * and what each of them came to. They run in memory (`claims-in-memory.test.ts`), and as processes on Node
 * and natively (`claims-on-disk.test.ts`). A candidate that has claimed lives on until the scenario ends.
 */

import type { ClaimOutcome } from '../../../src/domain/claim/claim.js';
import table from './claims.json' with { type: 'json' };

export type Item =
  | { readonly kind: 'directory' | 'file'; readonly ageMs?: number }
  | { readonly kind: 'link'; readonly to: string; readonly ageMs?: number }
  /** An owner file that names a process which lives, or is gone. */
  | { readonly kind: 'owner'; readonly process: Vitality }
  /** `dead`: bound by a process that has ended. */
  | { readonly kind: 'socket'; readonly listener: 'listens' | 'dead' };

type Vitality = 'alive' | 'gone';

/** The nth call of this method, counted from one, of the ports as TypeScript calls them. */
export interface NthCall {
  readonly method: string;
  readonly nth: number;
}

/** What every owner file of a scenario says apart from the process. */
export const SERVED = {
  name: 'name',
  service: '/service.mjs',
  startedMs: 5,
  solod: '0.0.0',
  version: '',
  wire: 1,
};

export interface Candidate {
  /** Killed before it makes this call. */
  readonly dies?: NthCall;
  /** This call fails, and does nothing. */
  readonly fails?: NthCall & { readonly code: string };
  /** Stopped before this call until all later candidates have come to their ends. */
  readonly waits?: NthCall;
  /** Killed when its outcome is known. */
  readonly leaves?: true;
}

interface Ends {
  /** What each candidate came to, as `wordOf` names it. */
  readonly outcomes: readonly string[];
  /** The directory of the name afterwards, as `lines` has it. */
  readonly tree: readonly string[];
}

export interface ClaimScenario {
  readonly name: string;
  /** The directory of the name, if it is not as solod makes it. */
  readonly directory?: 'missing' | 'writable' | 'file';
  /** What is in it, above before below. */
  readonly before: Readonly<Record<string, Item>>;
  /** Of the spawn lock that each candidate is handed. */
  readonly lock?: string;
  readonly candidates: readonly [Candidate, ...Candidate[]];
  /** `natively`: how a native candidate differs, and why it may. */
  readonly then: Ends & { readonly natively?: Partial<Ends> & { readonly why: string } };
}

export const claimScenarios = table as unknown as readonly ClaimScenario[];

/** What an outcome is called in the table. */
export function wordOf(outcome: ClaimOutcome): string {
  switch (outcome.kind) {
    case 'claimed':
      return `claimed ${outcome.generation}`;
    case 'gave-way':
      return `gave way to ${outcome.generation}${outcome.doubt === undefined ? '' : ', in doubt'}`;
    case 'failed':
      return `failed: ${outcome.failure.kind}`;
  }
}

export const KILLED = 'killed';
/** What a process on disk says that waits. */
export const WAITS = 'waits';

/** The native client tells neither failure nor doubt: Node claims next, and says what is wrong. */
export function endsNatively({ then }: ClaimScenario): Ends {
  const { outcomes, tree, natively } = then;
  const untold = (word: string) => (/^failed|in doubt$/.test(word) ? 'unsettled' : word);
  return { outcomes: natively?.outcomes ?? outcomes.map(untold), tree: natively?.tree ?? tree };
}

export const endsByNode = ({ then: { outcomes, tree } }: ClaimScenario): Ends => ({ outcomes, tree });

/** Leaves out what differs from run to run: ids of processes, except the one that scenarios write down. */
export const anonymous = (line: string): string =>
  line.replaceAll(/(tmp|trash)\.(?!4000000-)[0-9]+-abc/g, '$1.<nonce>');
