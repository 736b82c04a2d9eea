/** What lies in the directory of a name: generations, locks, leftovers of killed processes, foreign files. */

import type { LinkReading } from '../../ports/file-system.js';
import type { ProcessReading } from '../../ports/process-table.js';
import type { Cause } from '../../ports/readings.js';
import { ABANDONED_MS } from '../claim/sweep.js';
import type { ProbeVerdict } from '../evidence/connect-verdict.js';
import type { Vitality } from '../evidence/identity.js';
import type { Owner } from '../evidence/owner.js';
import type { LockObservation } from '../lock/spawn-lock.js';
import { DEFAULT_TIMING } from '../lock/timing.js';
import {
  generationOf,
  isScopeFile,
  isTrash,
  labelOfDirectory,
  layout,
  makerOf,
  NAMES,
  type Platform,
} from '../place/layout.js';
import { causeText } from '../procedure/cause.js';
import type { ClockSymptom } from './clock-checks.js';
import type { DirectorySymptom } from './directory-checks.js';
import { note, pidText, problem, type SymptomsOf, seconds, type Tellers } from './finding-parts.js';

const OWN_NAMES: ReadonlySet<string> = new Set(
  Object.values(NAMES).filter((name) => name !== NAMES.socket && name !== NAMES.owner),
);

export interface Sorted {
  readonly generations: readonly number[];
  readonly privates: readonly string[];
  readonly trash: readonly string[];
  readonly foreign: readonly string[];
}

export function sortNames(names: readonly string[]): Sorted {
  const isGeneration = (name: string): boolean => generationOf(name) !== undefined;
  const isPrivate = (name: string): boolean => makerOf(name) !== undefined;
  return {
    generations: names
      .filter(isGeneration)
      .map(Number)
      .sort((a, b) => a - b),
    privates: names.filter(isPrivate).sort(),
    trash: names.filter(isTrash).sort(),
    foreign: names
      .filter((name) => !isGeneration(name) && !isPrivate(name) && !isTrash(name) && !OWN_NAMES.has(name))
      .sort(),
  };
}

/** Names in the state directory that can't be a daemon's. */
export const foreignLabels = (names: readonly string[], platform: Platform): string[] =>
  names.filter((name) => labelOfDirectory(name, platform) === undefined && !isScopeFile(name)).sort();

export interface GenerationReading {
  readonly generation: number;
  readonly verdict: ProbeVerdict['kind'];
  readonly owner: Owner | undefined;
}

export interface NameReading {
  readonly directory: string;
  readonly names: readonly string[];
  readonly current: LinkReading;
  readonly generations: readonly GenerationReading[];
  readonly privates: readonly {
    readonly name: string;
    readonly ageMs: number;
    readonly maker: ProcessReading;
  }[];
  readonly lock: { readonly observed: LockObservation; readonly vitality: Vitality; readonly wallMs: number };
}

export function symptomsOfName(reading: NameReading): (LeftoverSymptom | DirectorySymptom | ClockSymptom)[] {
  const { directory, names } = reading;
  const { trash, foreign } = sortNames(names);
  const abandoned = reading.privates
    .filter(({ ageMs, maker }) => ageMs >= ABANDONED_MS && maker.kind === 'gone')
    .map(({ name }) => name);
  return [
    ...symptomsOfCurrent(reading),
    ...symptomsOfGenerations(reading),
    ...symptomsOfLock(reading),
    ...symptomOfNames('abandoned', directory, abandoned),
    ...symptomOfNames('trash', directory, trash),
    ...symptomOfNames('foreign-files', directory, foreign),
  ];
}

/** One symptom for all names, if there are any. */
export const symptomOfNames = (
  kind: 'abandoned' | 'trash' | 'foreign-files',
  directory: string,
  names: readonly string[],
): LeftoverSymptom[] => (names.length > 0 ? [{ kind, directory, names }] : []);

const numberOf = ({ current }: NameReading): number | undefined =>
  current.kind === 'target' ? generationOf(current.target) : undefined;

function symptomsOfCurrent(reading: NameReading): (LeftoverSymptom | DirectorySymptom)[] {
  const { directory, current, names, generations } = reading;
  switch (current.kind) {
    case 'target':
      if (numberOf(reading) === undefined) return [{ kind: 'current-foreign', directory }];
      return names.includes(current.target)
        ? []
        : [{ kind: 'current-dangling', directory, target: current.target }];
    case 'absent':
      return generations.length > 0 ? [{ kind: 'current-missing', directory }] : [];
    case 'wrong-type':
      return [{ kind: 'current-foreign', directory }];
    case 'failed':
      return [{ kind: 'directory-unreadable', path: layout.current(directory), cause: current.cause }];
  }
}

/** Only what is certain: a generation whose probe told nothing is left out. */
function symptomsOfGenerations(reading: NameReading): LeftoverSymptom[] {
  const { directory, generations } = reading;
  const current = numberOf(reading);
  const others = generations.filter(({ generation }) => generation !== current);
  const dead = others
    .filter(({ verdict }) => verdict === 'dead' || verdict === 'absent')
    .map(({ generation }) => generation);
  const below = dead.filter((generation) => current !== undefined && generation < current);
  const above = dead.filter((generation) => current !== undefined && generation > current);
  const symptoms: LeftoverSymptom[] = others
    .filter(({ verdict }) => verdict === 'alive')
    .map(({ generation, owner }) => ({
      kind: 'second-daemon',
      directory,
      generation,
      current,
      pid: owner?.pid,
    }));
  if (below.length > 0) symptoms.push({ kind: 'dead-generations', directory, generations: below });
  if (above.length > 0) symptoms.push({ kind: 'dead-above', directory, generations: above });
  return symptoms;
}

function symptomsOfLock({ directory, lock }: NameReading): (LeftoverSymptom | ClockSymptom)[] {
  const path = layout.lock(directory);
  const { observed, vitality, wallMs } = lock;
  switch (observed.kind) {
    case 'free':
      return [];
    case 'foreign':
      return [{ kind: 'lock-foreign', path }];
    case 'record': {
      const { pid } = observed.record.holder;
      const ageMs = wallMs - observed.record.wallMs;
      if (vitality === 'dead') return [{ kind: 'lock-left', path, pid }];
      if (ageMs < -DEFAULT_TIMING.futureMs) return [{ kind: 'from-the-future', path, aheadMs: -ageMs }];
      return ageMs >= DEFAULT_TIMING.staleMs ? [{ kind: 'lock-old', path, pid, ageMs }] : [];
    }
  }
}

const GC = 'nothing: the next daemon removes it, or "solod gc" does';

/** Names may hold anything, and there may be many. */
function few(names: readonly (string | number)[]): string {
  const first = names
    .slice(0, 5)
    .map((name) => (typeof name === 'number' ? `${name}` : JSON.stringify(name)));
  return names.length > 5 ? `${first.join(', ')} and ${names.length - 5} more` : first.join(', ');
}

export const LEFTOVER_TELLERS = {
  'dead-generations': ({ directory, generations }: { directory: string; generations: readonly number[] }) =>
    note(directory, `dead generations lie below the current one: ${few(generations)}`, GC),
  'dead-above': ({ directory, generations }: { directory: string; generations: readonly number[] }) =>
    note(
      directory,
      `dead generations lie above the current one: ${few(generations)}; a daemon was killed while it claimed the name`,
      'nothing: the next daemon takes the number after them',
    ),
  'second-daemon': ({
    directory,
    generation,
    current,
    pid,
  }: {
    directory: string;
    generation: number;
    current: number | undefined;
    pid: number | undefined;
  }) =>
    problem(
      directory,
      `generation ${generation}${pidText(pid)} still listens, and ${
        current === undefined ? 'nothing is current' : `generation ${current} is the current one`
      }: a second daemon, unless it came up at this very moment`,
      pid === undefined
        ? 'run this again; then find out which process listens there ("ss -xlp")'
        : `run this again; then "kill ${pid}"`,
    ),
  'current-dangling': ({ directory, target }: { directory: string; target: string }) =>
    note(
      directory,
      `"current" names ${JSON.stringify(target)}, which is not there: something removed it`,
      'nothing: the next call starts a daemon; if one still runs, "kill" it',
    ),
  'current-missing': ({ directory }: { directory: string }) =>
    note(
      directory,
      'there are generations but no "current": something removed it, or a daemon was killed while it claimed the name',
      'nothing: the next call starts a daemon; if one still runs, "kill" it',
    ),
  'current-foreign': ({ directory }: { directory: string }) =>
    note(
      directory,
      '"current" was not made by solod',
      'nothing: the next daemon moves it out of the way; move it away yourself to keep it',
    ),
  'lock-left': ({ path, pid }: { path: string; pid: number }) =>
    note(path, `the caller (pid ${pid}) that held the lock is gone`, GC),
  'lock-old': ({ path, pid, ageMs }: { path: string; pid: number; ageMs: number }) =>
    note(
      path,
      `the lock has been held for ${seconds(ageMs)} by pid ${pid}`,
      'nothing: the next caller takes it over',
    ),
  'lock-foreign': ({ path }: { path: string }) =>
    note(
      path,
      'the lock was not made by solod',
      'nothing: the next caller takes it over; move it away to keep it',
    ),
  abandoned: ({ directory, names }: { directory: string; names: readonly string[] }) =>
    note(directory, `killed processes left behind ${few(names)}`, GC),
  trash: ({ directory, names }: { directory: string; names: readonly string[] }) =>
    note(directory, `waiting to be removed: ${few(names)}`, GC),
  'foreign-files': ({ directory, names }: { directory: string; names: readonly string[] }) =>
    note(
      directory,
      `solod did not make ${few(names)}`,
      'nothing: solod leaves it alone; move it away if you can',
    ),
  unwritable: ({ path, cause }: { path: string; cause: Cause }) =>
    note(
      path,
      `it can't be written to, so what daemons write there is lost: ${causeText(cause)}`,
      'make it a file that you can write to, or remove it',
    ),
} as const satisfies Tellers;

export type LeftoverSymptom = SymptomsOf<typeof LEFTOVER_TELLERS>;
