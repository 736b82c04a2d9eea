/** What `doctor` finds: symptoms of all subjects, told as findings, and the report for people. */

import { type CodeOf, codeFor, codeSuffix } from '../text/error-code.js';
import type { Colour } from '../text/one-line.js';
import { printable } from '../text/printable.js';
import { CLOCK_TELLERS } from './clock-checks.js';
import { DAEMON_TELLERS } from './daemon-checks.js';
import { DIRECTORY_TELLERS } from './directory-checks.js';
import type { Severity, SymptomsOf, Tellers, Told } from './finding-parts.js';
import { LEFTOVER_TELLERS } from './leftover-checks.js';
import { PLACE_TELLERS } from './place-checks.js';
import { RUNTIME_TELLERS } from './runtime-checks.js';
import { SHARE_TELLERS } from './share-checks.js';
import { STORAGE_TELLERS } from './storage-checks.js';
import { TRIAL_TELLERS } from './trial-checks.js';

const TELLERS = {
  ...RUNTIME_TELLERS,
  ...PLACE_TELLERS,
  ...DIRECTORY_TELLERS,
  ...STORAGE_TELLERS,
  ...TRIAL_TELLERS,
  ...CLOCK_TELLERS,
  ...DAEMON_TELLERS,
  ...LEFTOVER_TELLERS,
  ...SHARE_TELLERS,
} as const satisfies Tellers;

export type Symptom = SymptomsOf<typeof TELLERS>;
export type SymptomKind = Symptom['kind'];
/** All kinds, in the order of the checks. */
export const KINDS = Object.keys(TELLERS) as readonly SymptomKind[];

/** `solod explain` has a page of each. */
export type FindingCode = CodeOf<`doctor-${SymptomKind}`>;

export interface Finding extends Told {
  readonly kind: SymptomKind;
  readonly code: FindingCode;
}

export const findingCode = (kind: SymptomKind): FindingCode => codeFor(`doctor-${kind}`);

export function findingOf(symptom: Symptom): Finding {
  const tell = TELLERS[symptom.kind] as (symptom: Symptom) => Told;
  return { kind: symptom.kind, code: findingCode(symptom.kind), ...tell(symptom) };
}

const ORDER: readonly Severity[] = ['problem', 'note', 'ok', 'unknown'];

/** Problems first; within one severity, in the order of the checks. */
export function sorted(findings: readonly Finding[]): Finding[] {
  return ORDER.flatMap((severity) => findings.filter((finding) => finding.severity === severity));
}

const LONGEST = 'problem'.length;

/** ECMA-48, SGR: red, yellow, green. */
const STYLES: Readonly<Record<Severity, string>> = { problem: '31', note: '33', ok: '32', unknown: '' };

const painted = (severity: Severity, colour: Colour): string => {
  const text = severity.padEnd(LONGEST);
  return colour === 'plain' ? text : `\x1b[${STYLES[severity]}m${text}\x1b[0m`;
};

/**
 * For people: a line for each finding, and below it what to do. What is well has nothing to explain, so it
 * shows no code. Unknown findings are left out. The colours of the severities are the only control sequences.
 */
export function report(findings: readonly Finding[], colour: Colour = 'plain'): string {
  return sorted(findings)
    .filter(({ severity }) => severity !== 'unknown')
    .map(({ severity, where, what, todo, code }) => {
      const line = `${painted(severity, colour)}  ${printable(`${where}: ${what}`)}`;
      if (todo === undefined) return `${line}\n`;
      return `${line}${codeSuffix(code)}\n${' '.repeat(LONGEST + 2)}to do: ${printable(todo)}\n`;
    })
    .join('');
}
