/** `solod doctor`: reads what there is to see, changes nothing, starts nothing, and says what it means and what to do. */

import path from 'node:path';
import {
  cleaners,
  networkNamespaceOf,
  sightProcess,
  storageOf,
  tryAppend,
} from '../../../adapters/node/processes/system-facts.js';
import {
  type Finding,
  findingOf,
  report,
  type Severity,
  type Symptom,
  sorted,
} from '../../../domain/doctor/findings.js';
import * as exam from '../../../domain/doctor/symptoms.js';
import { judgeConnect } from '../../../domain/evidence/connect-verdict.js';
import type { Vitality } from '../../../domain/evidence/identity.js';
import { type Owner, parseOwner } from '../../../domain/evidence/owner.js';
import { sightLock, stepSightLock } from '../../../domain/lock/lock-witness.js';
import { type LockObservation, lookAtLock, stepLook } from '../../../domain/lock/spawn-lock.js';
import { layout, makerOf, NAMES, type Place, type Platform, placeOf } from '../../../domain/place/layout.js';
import { run } from '../../../domain/procedure/run.js';
import { EXIT } from '../../environment/exit-codes.js';
import { findNativeClient, type NativeClient } from '../../environment/native-client.js';
import { platformOf, stateRoot } from '../../environment/state-root.js';
import { VERSION } from '../../environment/version.js';
import type { CommandOptions } from '../../options/option-table.js';
import type { Resolved } from '../../service/service-file.js';
import type { Inspection } from '../daemon-inspector.js';
import { complainOf, type Parts, placesOf, resolveNamed, rootOf } from '../facts.js';
import { placesIn } from '../find-names.js';
import { tryOut } from './try-directory.js';

/** A daemon that is well answers within milliseconds; all of them are asked at the same time. */
const ANSWER_MS = 1_000;
const PROBE_MS = 300;
/** What is looked at of one name: the rest is more of the same. */
const LOOK_MAX = 64;

/** What is to be looked at: one name, or all of a root. */
interface Scope {
  readonly platform: Platform;
  /** As it was asked for. */
  readonly root: string;
  /** Where the names that are looked at lie: the root, or the short place of a path that is too long. */
  readonly base: string;
  readonly label: string | undefined;
  readonly places: readonly Place[];
}

export class DoctorCommand {
  constructor(private readonly parts: Parts) {}

  async run(service: string | undefined, options: CommandOptions): Promise<number> {
    const { output } = this.parts;
    const scope = this.#scope(service, options);
    if (scope.kind === 'failed') return complainOf(output, scope.failure);
    const symptoms = await this.#examine(scope.value, options);
    const findings = sorted(symptoms.map(findingOf));
    output.print(
      options.json ? `${JSON.stringify({ findings })}\n` : `${report(findings)}${summary(findings)}\n`,
    );
    return count(findings, 'problem') > 0 ? EXIT.problems : EXIT.ok;
  }

  #scope(service: string | undefined, options: CommandOptions): Resolved<Scope> {
    const { host } = this.parts;
    const { platform, userId } = host;
    const root = rootOf(options);
    if (service === undefined && options.name === undefined) {
      const base = placeOf(root, 'x', userId, platform).root;
      const places = placesOf(host, options);
      return { kind: 'resolved', value: { platform, root, base, label: undefined, places } };
    }
    const target = resolveNamed(host, service, options);
    if (target.kind === 'failed') return target;
    const { place, label } = target.value;
    return { kind: 'resolved', value: { platform, root, base: place.root, label, places: [place] } };
  }

  async #examine(scope: Scope, options: CommandOptions): Promise<Symptom[]> {
    if (platformOf() === undefined) return [{ kind: 'platform-unsupported', platform: process.platform }];
    const { root, base, label, platform, places } = scope;
    const around = exam.symptomsOfRuntime({
      platform,
      node: process.versions.node,
      solod: VERSION,
      env: process.env,
      root,
      namedBy: options.stateDirectory === undefined ? 'environment' : 'option',
    });
    const native = symptomsOfNative(findNativeClient());
    const lengths = exam.symptomsOfPath(
      root,
      label ?? 'x',
      places[0] ?? { root: base, directory: base },
      platform,
    );
    const trusted = this.#rootSymptoms(scope);
    const storage = isSound(trusted) ? await this.#storageSymptoms(scope) : [];
    const named = isSound(trusted)
      ? await Promise.all(places.map((place) => this.#name(place, scope, options)))
      : [];
    const versions = exam.symptomsOfVersions(
      base,
      named.flatMap(({ version }) => version),
    );
    return [
      ...around,
      ...native,
      ...lengths,
      ...trusted,
      ...storage,
      ...versions,
      ...named.flatMap(({ symptoms }) => symptoms),
    ];
  }

  #rootSymptoms({ base, label }: Scope): Symptom[] {
    const { files, userId } = this.parts.host;
    const symptoms = exam.symptomsOfDirectory(base, files.inspect(base), userId);
    const parents = above(base).map((parent) => ({ path: parent, reading: files.inspect(parent) }));
    symptoms.push(...exam.symptomsOfParents(base, parents));
    const listed = files.list(base);
    if (listed.kind === 'failed')
      symptoms.push({ kind: 'directory-unreadable', path: base, cause: listed.cause });
    const foreign = listed.kind === 'names' ? exam.foreignLabels(listed.names) : [];
    if (label === undefined && foreign.length > 0)
      symptoms.push({ kind: 'foreign-files', directory: base, names: foreign });
    return symptoms;
  }

  /** Where the directory is missing, what holds for the one in which it would be made holds for it. */
  async #storageSymptoms({ base, platform }: Scope): Promise<Symptom[]> {
    const { host } = this.parts;
    const there =
      [base, ...above(base)].find((directory) => host.files.inspect(directory).kind === 'entry') ?? '/';
    const parts = { files: host.files, clock: host.clock, probe: host.probe(), listener: host.listener() };
    const trial = await tryOut(parts, there, host.nonce());
    parts.probe.drop();
    return [
      ...exam.symptomsOfStorage(there, storageOf(there), platform),
      ...exam.symptomsOfTrial(there, trial),
      ...this.#cleanerSymptoms(base),
    ];
  }

  #cleanerSymptoms(base: string): Symptom[] {
    const { tmpfiles, daily } = cleaners();
    const age = exam.cleanedAfter(base, tmpfiles);
    const sticky = this.#isSticky(base) ? 'all' : 'not-all';
    const symptoms: Symptom[] =
      age === undefined ? [] : [{ kind: 'tmp-cleaner', path: base, tool: 'systemd-tmpfiles', age, sticky }];
    const [tool] = daily;
    if (tool !== undefined && base.startsWith('/tmp/'))
      symptoms.push({ kind: 'tmp-cleaner', path: base, tool, age: 'some days', sticky: 'not-all' });
    return symptoms;
  }

  /** tmpfiles.d(5): what is no directory and bears the sticky bit is passed by. */
  #isSticky(base: string): boolean {
    const { files, userId, platform } = this.parts.host;
    const places = placesIn({ files, root: base, userId, platform });
    const sockets = places.map(({ directory }) => files.inspect(layout.currentSocket(directory)));
    return (
      sockets.length > 0 &&
      sockets.every((found) => found.kind === 'entry' && (found.entry.mode & 0o1000) !== 0)
    );
  }

  async #name(place: Place, scope: Scope, options: CommandOptions): Promise<Named> {
    const { files, userId } = this.parts.host;
    const { directory } = place;
    const trusted = exam.symptomsOfDirectory(directory, files.inspect(directory), userId);
    const listed = files.list(directory);
    if (listed.kind === 'failed')
      trusted.push({ kind: 'directory-unreadable', path: directory, cause: listed.cause });
    if (listed.kind !== 'names' || !isSound(trusted)) return { symptoms: trusted, version: [] };
    const [daemon, lies] = await Promise.all([
      this.#daemon(directory, options),
      this.#whatLies(directory, listed.names, scope.platform),
    ]);
    return {
      symptoms: [...trusted, ...daemon.symptoms, ...lies, ...this.#files(directory, listed.names)],
      version: daemon.version,
    };
  }

  async #daemon(directory: string, options: CommandOptions): Promise<Named> {
    const { inspector } = this.parts;
    const inspection = await inspector.inspect(directory, options.timeoutMs ?? ANSWER_MS);
    const seen = this.#owner(directory);
    const daemon = symptomOfInspection(inspection, seen);
    // What a daemon that is gone wrote down of itself is history.
    if (inspection.kind === 'not-running' || seen === undefined) return { symptoms: [daemon], version: [] };
    const symptoms = [daemon, ...exam.symptomsOfOwner(directory, seen, VERSION)];
    if (exam.isSeen(seen)) symptoms.push(...this.#process(directory, seen.owner.pid));
    return { symptoms, version: [seen.owner.solod] };
  }

  #process(directory: string, pid: number): Symptom[] {
    const rootFor = (env: exam.Caller['env']): string => stateRoot(env) ?? '';
    const caller = { env: process.env, networkNamespace: networkNamespaceOf('self'), rootOf: rootFor };
    return exam.symptomsOfProcess(directory, pid, sightProcess(pid), caller);
  }

  #owner(directory: string): exam.OwnerReading | undefined {
    const { processes, clock } = this.parts.host;
    const owner = this.#ownerIn(layout.currentOwner(directory));
    if (owner === undefined) return undefined;
    const { wallMs } = clock.now();
    return { owner, self: processes.self(), process: processes.lookUp(owner.pid), wallMs };
  }

  #ownerIn(file: string): Owner | undefined {
    const reading = this.parts.host.files.readText(file);
    return reading.kind === 'text' ? parseOwner(reading.text) : undefined;
  }

  async #whatLies(directory: string, names: readonly string[], platform: Platform): Promise<Symptom[]> {
    const { files, processes, clock } = this.parts.host;
    const { generations, privates } = exam.sortNames(names);
    const { wallMs } = clock.now();
    return exam.symptomsOfName({
      directory,
      names,
      current: files.readLink(layout.current(directory)),
      generations: await Promise.all(
        generations.slice(-LOOK_MAX).map((generation) => this.#generation(directory, generation, platform)),
      ),
      privates: privates.slice(0, LOOK_MAX).map((name) => {
        const found = files.inspect(`${directory}/${name}`);
        const ageMs = found.kind === 'entry' ? wallMs - found.entry.modifiedMs : 0;
        return { name, ageMs, maker: processes.lookUp(makerOf(name) ?? process.pid) };
      }),
      lock: { ...(await this.#lock(directory)), wallMs },
    });
  }

  async #generation(
    directory: string,
    generation: number,
    platform: Platform,
  ): Promise<exam.GenerationReading> {
    const probe = this.parts.host.probe();
    const reading = await probe.connect(layout.generationSocket(directory, generation), PROBE_MS);
    probe.drop();
    const owner = this.#ownerIn(`${layout.generation(directory, generation)}/${NAMES.owner}`);
    return { generation, verdict: judgeConnect(reading, platform).kind, owner };
  }

  async #lock(directory: string): Promise<{ observed: LockObservation; vitality: Vitality }> {
    const { ports, processes } = this.parts.host;
    // None of these calls takes time.
    const observed = await run(
      (state, event) => stepLook(state, event as never),
      lookAtLock(directory),
      ports,
    );
    if (observed.kind === 'free') return { observed, vitality: 'unknown' };
    const first = sightLock(observed, processes.self());
    const vitality = await run((state, event) => stepSightLock(state, event as never), first, ports);
    return { observed, vitality };
  }

  #files(directory: string, names: readonly string[]): Symptom[] {
    const { files, clock } = this.parts.host;
    const written = [NAMES.log, NAMES.spawns].map((name) => `${directory}/${name}`);
    const unwritable = written.flatMap((file): Symptom[] => {
      const tried = tryAppend(file);
      return tried.kind === 'failed' ? [{ kind: 'unwritable', path: file, cause: tried.cause }] : [];
    });
    const entries = names.slice(0, LOOK_MAX).flatMap((name) => {
      const found = files.inspect(`${directory}/${name}`);
      const { modifiedMs } = found.kind === 'entry' ? found.entry : { modifiedMs: 0 };
      return [{ path: `${directory}/${name}`, modifiedMs }];
    });
    return [...unwritable, ...exam.symptomsOfTimes(entries, clock.now().wallMs)];
  }
}

interface Named {
  readonly symptoms: Symptom[];
  /** The release that its daemon runs, if there is one. */
  readonly version: readonly string[];
}

/** What others could change under our hands is looked at no further, and least of all tried out. */
const isSound = (symptoms: readonly Symptom[]): boolean =>
  !symptoms.some(({ kind }) => kind === 'directory-distrusted' || kind === 'directory-unreadable');

/** The directories above one, the nearest first. */
function above(directory: string): string[] {
  const parent = path.dirname(directory);
  return parent === directory ? [] : [parent, ...above(parent)];
}

function symptomsOfNative(found: NativeClient): Symptom[] {
  switch (found.kind) {
    case 'found':
      return [{ kind: 'native-client', path: found.path }];
    case 'missing':
      return [{ kind: 'native-client-missing', package: found.package }];
    case 'not-for-here':
      return [];
  }
}

function symptomOfInspection(inspection: Inspection, seen: exam.OwnerReading | undefined): Symptom {
  const { directory } = inspection;
  switch (inspection.kind) {
    case 'answered':
      return {
        kind: 'daemon-answers',
        directory,
        pid: inspection.status.pid,
        state: inspection.status.state,
      };
    case 'other-wire':
      return { kind: 'daemon-of-its-own', directory, pid: inspection.owner?.pid };
    case 'not-running':
      return { kind: 'no-daemon', directory };
    case 'not-answering':
      return exam.symptomOfSilence(directory, seen, inspection.cause);
  }
}

const count = (findings: readonly Finding[], severity: Severity): number =>
  findings.filter((finding) => finding.severity === severity).length;

function summary(findings: readonly Finding[]): string {
  const [problems, notes] = [count(findings, 'problem'), count(findings, 'note')];
  const plural = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;
  return `${plural(problems, 'problem')}, ${plural(notes, 'note')}`;
}
