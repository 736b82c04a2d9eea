/** `solod doctor`: looks at everything, changes and starts nothing, and says what is wrong and what to do. */

import { symptomsOfVersions } from '../../../domain/doctor/daemon-checks.js';
import { symptomsOfPath } from '../../../domain/doctor/directory-checks.js';
import type { Severity } from '../../../domain/doctor/finding-parts.js';
import { type Finding, findingOf, report, type Symptom, sorted } from '../../../domain/doctor/findings.js';
import { symptomsOfPlace } from '../../../domain/doctor/place-checks.js';
import { symptomsOfRuntime } from '../../../domain/doctor/runtime-checks.js';
import type { Derivation, Ignored } from '../../../domain/place/derive-place.js';
import { type Place, placeOf } from '../../../domain/place/layout.js';
import { type Colour, colourOf, colourWanted } from '../../../domain/text/one-line.js';
import { EXIT, exitCodeOf } from '../../environment/exit-codes.js';
import { isTerminal } from '../../environment/terminals.js';
import { VERSION } from '../../environment/version.js';
import { failureOf } from '../../library/daemon-target.js';
import type { CommandOptions } from '../../options/option-table.js';
import type { Resolved } from '../../service/service-file.js';
import { complainOf, jsonLine, type Parts, printAs } from '../command-parts.js';
import { derivedFor, ignoredFor, isNamed, placesOf, resolveNamed, rootOf } from '../named-daemon.js';
import { type TriedClient, tryNativeClient } from '../tried-client.js';
import { NameExaminer } from './examine-name.js';
import { examineRoot, examineStorage, isSound } from './examine-root.js';
import { explainPlace } from './explain-place.js';

/** A healthy daemon answers within milliseconds, and all are asked at the same time. */
const ANSWER_MS = 1_000;

/** Stands for any name: the path of every other is as long or longer. */
const ANY_NAME = 'x';

/** What is to be looked at: one name, or all of a state directory. */
interface Scope {
  /** The state directory, as it was asked for. */
  readonly root: string;
  /** Where the names lie: in the root, or in the short place for a path that is too long. */
  readonly base: string;
  readonly label: string | undefined;
  readonly places: readonly Place[];
}

export class DoctorCommand {
  constructor(private readonly parts: Parts) {}

  async run(service: string | undefined, options: CommandOptions): Promise<number> {
    const { host, output } = this.parts;
    const derived = derivedFor(host, options);
    const ignored = ignoredFor(host, options);
    if (options.explainPlace) return this.#explain(derived, ignored, options);
    const scope = this.#scope(service, options);
    if (scope.kind === 'failed') return complainOf(output, scope.failure);
    const placed = derived.kind === 'place' ? symptomsOfPlace(derived, ignored) : [];
    const symptoms = [...placed, ...(await this.#examine(scope.value, options))];
    const findings = sorted(symptoms.map(findingOf));
    // Programs find a text in every field.
    const facts = { findings: findings.map((finding) => ({ ...finding, todo: finding.todo ?? '' })) };
    if (options.json) output.print(jsonLine(facts));
    else output.print(`${report(findings, colourFor(options))}${summary(findings)}\n`, 'coloured');
    return count(findings, 'problem') > 0 ? EXIT.problems : EXIT.ok;
  }

  #explain(derived: Derivation, ignored: readonly Ignored[], options: CommandOptions): number {
    const { facts, text } = explainPlace(derived, ignored);
    printAs(this.parts.output, options, facts, text);
    return derived.kind === 'place' ? EXIT.ok : exitCodeOf(failureOf(derived));
  }

  #scope(service: string | undefined, options: CommandOptions): Resolved<Scope> {
    const { host } = this.parts;
    const root = rootOf(host, options);
    if (!isNamed(service, options)) {
      const base = placeOf(root, ANY_NAME, host.userId, host.platform).root;
      return { kind: 'resolved', value: { root, base, label: undefined, places: placesOf(host, options) } };
    }
    const target = resolveNamed(host, service, options);
    if (target.kind === 'failed') return target;
    const { place, label } = target.value;
    return { kind: 'resolved', value: { root, base: place.root, label, places: [place] } };
  }

  async #examine({ root, base, label, places }: Scope, options: CommandOptions): Promise<Symptom[]> {
    const { host } = this.parts;
    const { platform, unsupported } = host;
    if (unsupported !== undefined) return [{ kind: 'platform-unsupported', platform: unsupported }];
    const runtime = symptomsOfRuntime({
      platform,
      node: process.versions.node,
      solod: VERSION,
      env: process.env,
      root,
      namedBy: options.stateDirectory === undefined ? 'environment' : 'option',
    });
    const first = places[0] ?? { root: base, directory: base };
    const trusted = examineRoot(host, base, label === undefined ? 'all-names' : 'one-name');
    const storage = isSound(trusted) ? await examineStorage(host, base, platform) : [];
    const examiner = new NameExaminer(this.parts, options.timeoutMs ?? ANSWER_MS);
    const named = isSound(trusted)
      ? await Promise.all(places.map(({ directory }) => examiner.examine(directory)))
      : [];
    return [
      ...runtime,
      ...symptomsOfNative(tryNativeClient()),
      ...symptomsOfPath(root, label ?? ANY_NAME, first, platform),
      ...trusted,
      ...storage,
      ...symptomsOfVersions(
        base,
        named.flatMap(({ versions }) => versions),
      ),
      ...named.flatMap(({ symptoms }) => symptoms),
    ];
  }
}

function colourFor({ color }: CommandOptions): Colour {
  const { FORCE_COLOR, NO_COLOR, TERM } = process.env;
  const automatic = isTerminal(1) && TERM !== 'dumb' ? colourWanted(NO_COLOR) : 'plain';
  return colourOf(color, colourForced(FORCE_COLOR) ?? automatic);
}

/** As Node does it: more than `NO_COLOR`, and less than an option. @returns undefined if it says nothing */
function colourForced(value: string | undefined): Colour | undefined {
  if (value === undefined || value === '') return undefined;
  return value === '0' || value === 'false' ? 'plain' : 'coloured';
}

function symptomsOfNative(found: TriedClient): Symptom[] {
  switch (found.kind) {
    case 'found':
      return [{ kind: 'native-client', path: found.path }];
    case 'missing':
      return [{ kind: 'native-client-missing', package: found.package }];
    case 'unusable':
      return [{ kind: 'native-client-unusable', path: found.path, why: found.why }];
    case 'not-for-here':
      return [];
  }
}

const count = (findings: readonly Finding[], severity: Severity): number =>
  findings.filter((finding) => finding.severity === severity).length;

function summary(findings: readonly Finding[]): string {
  const [problems, notes] = [count(findings, 'problem'), count(findings, 'note')];
  const plural = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;
  return `${plural(problems, 'problem')}, ${plural(notes, 'note')}`;
}
