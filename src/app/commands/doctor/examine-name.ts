/** Looks at the directory of one name: its daemon, and what lies there. */

import { symptomsOfTimes } from '../../../domain/doctor/clock-checks.js';
import {
  isSeen,
  type OwnerReading,
  symptomOfSilence,
  symptomsOfOwner,
  symptomsOfProcess,
} from '../../../domain/doctor/daemon-checks.js';
import { symptomsOfDirectory } from '../../../domain/doctor/directory-checks.js';
import type { Symptom } from '../../../domain/doctor/findings.js';
import { type GenerationReading, sortNames, symptomsOfName } from '../../../domain/doctor/leftover-checks.js';
import { type ClientReading, symptomsOfShare } from '../../../domain/doctor/share-checks.js';
import { judgeConnect } from '../../../domain/evidence/connect-verdict.js';
import { type Vitality, vitalityOf } from '../../../domain/evidence/identity.js';
import { type Owner, parseOwner } from '../../../domain/evidence/owner.js';
import { sightLock } from '../../../domain/lock/lock-witness.js';
import { type LockObservation, lookAtLock } from '../../../domain/lock/spawn-lock.js';
import { layout, makerOf, NAMES } from '../../../domain/place/layout.js';
import { runSync } from '../../../domain/procedure/run.js';
import { livingServers, serversIn } from '../../../domain/share/broker/started-servers.js';
import { canHandOver, findNativeClient } from '../../environment/native-client.js';
import { VERSION } from '../../environment/version.js';
import { deriveFor } from '../../place/find-place.js';
import { portsOf } from '../../platforms/host.js';
import type { Parts } from '../command-parts.js';
import type { Inspection } from '../daemon-inspector.js';
import { isSound } from './examine-root.js';

/** How long a generation's socket may take to answer a probe, in milliseconds. */
const PROBE_MS = 300;
/** How much is looked at for one name: the rest is more of the same. */
const LOOK_MAX = 64;

export interface NameExam {
  readonly symptoms: Symptom[];
  /** The release that its daemon runs, if there is one. */
  readonly versions: readonly string[];
}

export class NameExaminer {
  constructor(
    private readonly parts: Parts,
    /** How long a daemon may take to answer, in milliseconds. */
    private readonly answerMs: number,
  ) {}

  async examine(directory: string): Promise<NameExam> {
    const { files, userId } = this.parts.host;
    const trusted: Symptom[] = symptomsOfDirectory(directory, files.inspect(directory), userId);
    const listed = files.list(directory);
    if (listed.kind === 'failed')
      trusted.push({ kind: 'directory-unreadable', path: directory, cause: listed.cause });
    if (listed.kind !== 'names' || !isSound(trusted)) return { symptoms: trusted, versions: [] };
    const [daemon, leftovers] = await Promise.all([
      this.#daemon(directory),
      this.#leftovers(directory, listed.names),
    ]);
    const share = listed.names.includes(NAMES.upstreams) ? this.#share(directory, daemon.presence) : [];
    return {
      symptoms: [
        ...trusted,
        ...daemon.symptoms,
        ...leftovers,
        ...this.#files(directory, listed.names),
        ...share,
      ],
      versions: daemon.versions,
    };
  }

  async #daemon(directory: string): Promise<NameExam & { readonly presence: 'there' | 'gone' }> {
    const inspection = await this.parts.inspector.inspect(directory, this.answerMs);
    const seen = this.#owner(directory);
    const daemon = symptomOfInspection(inspection, seen);
    const presence = inspection.kind === 'not-running' ? 'gone' : 'there';
    // The owner file of a daemon that is gone is history.
    if (presence === 'gone' || seen === undefined) return { symptoms: [daemon], versions: [], presence };
    const symptoms = [daemon, ...symptomsOfOwner(directory, seen, VERSION)];
    if (isSeen(seen)) symptoms.push(...this.#process(directory, seen.owner.pid));
    return { symptoms, versions: [seen.owner.solod], presence };
  }

  #share(directory: string, broker: 'there' | 'gone'): Symptom[] {
    const { files, processes } = this.parts.host;
    const written = files.readText(`${directory}/${NAMES.upstreams}`);
    const servers = written.kind === 'text' ? serversIn(written.text) : [];
    return symptomsOfShare({
      directory,
      broker,
      servers: livingServers(servers, processes.self(), (pid) => processes.lookUp(pid)),
      client: sessionClient(),
    });
  }

  #process(directory: string, pid: number): Symptom[] {
    const { system } = this.parts.host;
    const caller = {
      env: process.env,
      networkNamespace: system.networkNamespaceOf('self'),
      rootOf: (env: typeof process.env) => {
        const derived = deriveFor(this.parts.host, env, undefined);
        return derived.kind === 'place' ? derived.root : '';
      },
    };
    return symptomsOfProcess(directory, pid, system.sightProcess(pid), caller);
  }

  #owner(directory: string): OwnerReading | undefined {
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

  async #leftovers(directory: string, names: readonly string[]): Promise<Symptom[]> {
    const { files, processes, clock, claiming } = this.parts.host;
    const { generations, privates } = sortNames(names);
    const { wallMs } = clock.now();
    return symptomsOfName({
      directory,
      names,
      // Where a daemon claims by a file that it holds, there are no generations to lead to.
      current: claiming ? { kind: 'absent' } : files.readLink(layout.current(directory)),
      generations: await Promise.all(
        generations.slice(-LOOK_MAX).map((generation) => this.#generation(directory, generation)),
      ),
      privates: privates.slice(0, LOOK_MAX).map((name) => {
        const found = files.inspect(`${directory}/${name}`);
        const ageMs = found.kind === 'entry' ? wallMs - found.entry.modifiedMs : 0;
        return { name, ageMs, maker: processes.lookUp(makerOf(name) ?? process.pid) };
      }),
      lock: { ...this.#lock(directory), wallMs },
    });
  }

  async #generation(directory: string, generation: number): Promise<GenerationReading> {
    const { host } = this.parts;
    const owner = this.#ownerIn(`${layout.generation(directory, generation)}/${NAMES.owner}`);
    const { processes } = host;
    // A program that was handed its listener takes a look for a client: its process tells as much.
    if (owner?.program && vitalityOf(owner, processes.self(), processes.lookUp(owner.pid)) === 'alive')
      return { generation, verdict: 'alive', owner };
    const probe = host.probe();
    const reading = await probe.connect(layout.generationSocket(directory, generation), PROBE_MS);
    probe.drop();
    return { generation, verdict: judgeConnect(reading, host.platform).kind, owner };
  }

  #lock(directory: string): { observed: LockObservation; vitality: Vitality } {
    const ports = portsOf(this.parts.host);
    const observed = runSync(lookAtLock(directory), ports);
    return { observed, vitality: observed.kind === 'free' ? 'unknown' : runSync(sightLock(observed), ports) };
  }

  #files(directory: string, names: readonly string[]): Symptom[] {
    const { files, clock, system } = this.parts.host;
    const unwritable = [NAMES.log, NAMES.spawns].flatMap((name): Symptom[] => {
      const file = `${directory}/${name}`;
      const tried = system.tryAppend(file);
      return tried.kind === 'failed' ? [{ kind: 'unwritable', path: file, cause: tried.cause }] : [];
    });
    const entries = names.slice(0, LOOK_MAX).flatMap((name) => {
      const file = `${directory}/${name}`;
      const found = files.inspect(file);
      return found.kind === 'entry' ? [{ path: file, modifiedMs: found.entry.modifiedMs }] : [];
    });
    return [...unwritable, ...symptomsOfTimes(entries, clock.now().wallMs)];
  }
}

function sessionClient(): ClientReading {
  const native = findNativeClient();
  if (native.kind !== 'found') return native;
  return canHandOver() ? { kind: 'native' } : { kind: 'not-handed-over', node: process.versions.node };
}

function symptomOfInspection(inspection: Inspection, seen: OwnerReading | undefined): Symptom {
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
      return symptomOfSilence(directory, seen, inspection.cause);
  }
}
