/** From what was read to what it means: which symptoms there are. Readings come in whole; nothing is looked up here. */

import type { InspectReading, LinkReading } from '../../ports/file-system.js';
import type { ProcessReading } from '../../ports/process-table.js';
import type { Cause } from '../../ports/readings.js';
import { ABANDONED_MS } from '../claim/sweep.js';
import type { ProbeVerdict } from '../evidence/connect-verdict.js';
import { type Identity, type Vitality, vitalityOf } from '../evidence/identity.js';
import type { Owner } from '../evidence/owner.js';
import type { LockObservation } from '../lock/spawn-lock.js';
import { DEFAULT_TIMING } from '../lock/timing.js';
import {
  fitsSocketPath,
  generationOf,
  isName,
  isTrash,
  join,
  layout,
  makerOf,
  NAMES,
  type Place,
  type Platform,
} from '../place/layout.js';
import { distrustOf } from '../place/state-directory.js';
import type { Symptom, TrialStep } from './findings.js';

// --- around -----------------------------------------------------------------------------------------------------------

export interface RuntimeReading {
  readonly platform: Platform;
  /** As `process.versions.node` has it. */
  readonly node: string;
  readonly solod: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The directory of all names, and whether an option named it. */
  readonly root: string;
  readonly namedBy: 'option' | 'environment';
}

/** package.json's `engines`. */
export const NODE_FLOOR = '20.19.0';

export function symptomsOfRuntime(reading: RuntimeReading): Symptom[] {
  const { node, platform, solod, env, root, namedBy } = reading;
  const symptoms: Symptom[] = [
    isOlder(node, NODE_FLOOR)
      ? { kind: 'node-too-old', node, floor: NODE_FLOOR }
      : { kind: 'runtime', node, platform, solod },
  ];
  if (namedBy === 'option') return symptoms;
  const { SOLOD_DIR } = env;
  if (SOLOD_DIR) {
    if (!SOLOD_DIR.startsWith('/')) symptoms.push({ kind: 'relative-root', value: SOLOD_DIR, path: root });
    return symptoms;
  }
  for (const variable of ['XDG_RUNTIME_DIR', 'XDG_STATE_HOME']) {
    const value = env[variable];
    if (value && !value.startsWith('/')) symptoms.push({ kind: 'relative-ignored', variable, value });
  }
  return symptoms;
}

function isOlder(version: string, floor: string): boolean {
  const [mine, least] = [version, floor].map((text) => text.split('.').map(Number.parseFloat));
  for (const [index, wanted] of (least ?? []).entries()) {
    const has = mine?.[index] ?? 0;
    if (has !== wanted) return has < wanted;
  }
  return false;
}

// --- the directories --------------------------------------------------------------------------------------------------

export function symptomsOfDirectory(path: string, reading: InspectReading, userId: number): Symptom[] {
  switch (reading.kind) {
    case 'absent':
      return [{ kind: 'directory-missing', path }];
    case 'wrong-type':
      return [{ kind: 'directory-distrusted', path, why: 'no-directory' }];
    case 'failed':
      return [{ kind: 'directory-unreadable', path, cause: reading.cause }];
    case 'entry': {
      const { entry } = reading;
      const why = distrustOf(entry, userId);
      if (why !== undefined) return [{ kind: 'directory-distrusted', path, why }];
      const exact = (entry.mode & 0o777) === 0o700;
      return [exact ? { kind: 'directory-sound', path } : { kind: 'directory-open', path, mode: entry.mode }];
    }
  }
}

export interface ParentReading {
  readonly path: string;
  readonly reading: InspectReading;
}

const STICKY = 0o1000;

/** Whoever may write to a directory may rename what is in it, unless the sticky bit (inode(7)) keeps it to the owners. */
export function symptomsOfParents(path: string, parents: readonly ParentReading[]): Symptom[] {
  return parents.flatMap(({ path: parent, reading }): Symptom[] => {
    if (reading.kind !== 'entry' || reading.entry.type !== 'directory') return [];
    const { mode } = reading.entry;
    const open = (mode & 0o022) !== 0 && (mode & STICKY) === 0;
    return open ? [{ kind: 'parent-writable', path, parent, mode }] : [];
  });
}

export function symptomsOfPath(root: string, label: string, place: Place, platform: Platform): Symptom[] {
  const path = join(root, label);
  if (fitsSocketPath(path, platform)) return [];
  return [{ kind: 'path-too-long', path, instead: place.directory, platform }];
}

// --- the file system --------------------------------------------------------------------------------------------------

export type StorageReading =
  | {
      readonly kind: 'storage';
      /** statfs(2)'s `f_type`. */
      readonly type: number;
      readonly freeBytes: number;
      readonly inodes: number;
      readonly freeInodes: number;
    }
  | { readonly kind: 'failed'; readonly cause: Cause };

/** linux/magic.h and statfs(2): whose files other machines can change. */
const SHARED: Readonly<Record<number, string>> = {
  26985: 'NFS',
  20859: 'SMB',
  4283649346: 'CIFS',
  4266872130: 'SMB2',
  1397113167: 'AFS',
  1799439955: 'AFS',
  1937076805: 'Coda',
  12805120: 'Ceph',
  198183888: 'Lustre',
  1196443219: 'GPFS',
  1952539503: 'OCFS2',
  18225520: 'GFS2',
};

/** Those behind which there is another program, or another operating system. */
const FOREIGN: Readonly<Record<number, string>> = {
  16914839: '9p',
  1397114950: 'drvfs of WSL',
  1702057286: 'FUSE',
  2020557398: 'vboxsf',
  19780: 'FAT',
  538032816: 'exFAT',
  1397118030: 'NTFS',
  1936094318: 'NTFS',
};

const LOCAL: Readonly<Record<number, string>> = {
  61267: 'ext4',
  16914836: 'tmpfs',
  2035054128: 'overlay',
  1481003842: 'XFS',
  2435016766: 'Btrfs',
  801189825: 'ZFS',
  4076150800: 'F2FS',
  3393526350: 'bcachefs',
  2240043254: 'ramfs',
};

/** An owner file, a lock's record, a line of the ledger and the directories that they are in. */
const ENOUGH_BYTES = 64 * 1024;

/** Types are numbers of Linux's: elsewhere they mean something else, and nothing is concluded from them. */
export function symptomsOfStorage(path: string, reading: StorageReading, platform: Platform): Symptom[] {
  if (reading.kind === 'failed') return [{ kind: 'file-system-unknown', path, cause: reading.cause }];
  const symptoms = platform === 'linux' ? [symptomOfType(path, reading.type >>> 0)] : [];
  if (reading.freeBytes < ENOUGH_BYTES)
    symptoms.push({ kind: 'no-space', path, freeBytes: reading.freeBytes });
  // Some file systems have no table of inodes, and say 0 of 0.
  if (reading.inodes > 0 && reading.freeInodes === 0) symptoms.push({ kind: 'no-inodes', path });
  return symptoms;
}

function symptomOfType(path: string, type: number): Symptom {
  const shared = SHARED[type];
  if (shared !== undefined) return { kind: 'file-system-shared', path, name: shared };
  const foreign = FOREIGN[type];
  if (foreign !== undefined) return { kind: 'file-system-foreign', path, name: foreign };
  return { kind: 'file-system', path, name: LOCAL[type] ?? `of type 0x${type.toString(16)}` };
}

export type TrialReading =
  | { readonly kind: 'passed'; readonly aheadMs: number }
  /** A rename that the protocol needs refused went through. */
  | { readonly kind: 'not-exclusive' }
  | { readonly kind: 'refused'; readonly step: TrialStep; readonly cause: Cause }
  /** The kernel takes or refuses a local connection at once: it was we who had no time to hear it. */
  | { readonly kind: 'unsettled'; readonly step: TrialStep };

const FORBIDDEN = new Set(['EPERM', 'EACCES']);

export function symptomsOfTrial(path: string, reading: TrialReading): Symptom[] {
  switch (reading.kind) {
    case 'unsettled':
      return [{ kind: 'trial-unsettled', path, step: reading.step }];
    case 'not-exclusive':
      return [{ kind: 'rename-not-exclusive', path }];
    case 'refused': {
      const { step, cause } = reading;
      const sockets = step === 'binding' || step === 'connecting' || step === 'connecting-renamed';
      if (sockets && FORBIDDEN.has(cause.code)) return [{ kind: 'sandboxed', path, step, cause }];
      return [{ kind: 'trial-failed', path, step, cause }];
    }
    case 'passed': {
      const { aheadMs } = reading;
      const passed: Symptom = { kind: 'trial-passed', path };
      return Math.abs(aheadMs) > DEFAULT_TIMING.futureMs
        ? [passed, { kind: 'clock-skew', path, aheadMs }]
        : [passed];
    }
  }
}

// --- tmp cleaners -----------------------------------------------------------------------------------------------------

const CLEANING = /^[dDvqQe][!+=~^$-]*$/;
const IGNORING = /^[xX][!+=~^$-]*$/;

/**
 * After which age systemd-tmpfiles removes what lies at a path, as tmpfiles.d(5) has it: the line for the nearest directory
 * above counts, and a line `x` takes out.
 * @param texts the configuration files that are in force
 */
export function cleanedAfter(path: string, texts: readonly string[]): string | undefined {
  const lines = texts.flatMap((text) => text.split('\n')).map((line) => line.trim().split(/\s+/));
  const above = (pattern: string): boolean =>
    path === pattern || path.startsWith(`${pattern.replace(/\/$/, '')}/`);
  const ignored = lines.some(
    ([type = '', pattern = '']) => IGNORING.test(type) && above(pattern.replace(/\/?\*$/, '') || '/'),
  );
  if (ignored) return undefined;
  const [nearest] = lines
    .filter(([type = '', pattern = '']) => CLEANING.test(type) && pattern.startsWith('/') && above(pattern))
    .sort(([, a = ''], [, b = '']) => b.length - a.length);
  const age = nearest?.[5];
  return age === undefined || age === '-' ? undefined : age;
}

// --- the daemon -------------------------------------------------------------------------------------------------------

export interface OwnerReading {
  readonly owner: Owner;
  readonly self: Identity;
  /** What the process table says of the owner's id. */
  readonly process: ProcessReading;
  readonly wallMs: number;
}

/** What is written down of a daemon that is there, held against who asks. */
export function symptomsOfOwner(directory: string, reading: OwnerReading, mine: string): Symptom[] {
  const { owner, self, wallMs } = reading;
  const symptoms: Symptom[] = [];
  if (owner.pidNamespace !== self.pidNamespace && owner.pidNamespace !== '' && self.pidNamespace !== '')
    symptoms.push({ kind: 'pid-namespace-differs', directory, pid: owner.pid });
  if (owner.solod !== '' && owner.solod !== mine)
    symptoms.push({ kind: 'version-differs', directory, mine, theirs: owner.solod });
  const aheadMs = owner.startedMs - wallMs;
  if (aheadMs > DEFAULT_TIMING.futureMs)
    symptoms.push({ kind: 'from-the-future', path: layout.currentOwner(directory), aheadMs });
  return symptoms;
}

/** Whether the owner is a process of ours to look at: the very one that wrote its identity down. */
export const isSeen = ({ owner, self, process }: OwnerReading): boolean =>
  vitalityOf(owner, self, process) === 'alive';

/** Somebody is there, and what was asked got no answer. */
export function symptomOfSilence(directory: string, seen: OwnerReading | undefined, cause: Cause): Symptom {
  if (FORBIDDEN.has(cause.code)) return { kind: 'connect-refused', directory, cause };
  const pid = seen?.owner.pid;
  const stopped = seen?.process.kind === 'present' && seen.process.activity === 'stopped';
  if (pid !== undefined && stopped && seen !== undefined && isSeen(seen))
    return { kind: 'daemon-stopped', directory, pid, cause };
  return { kind: 'daemon-silent', directory, pid, cause };
}

type Environment = Readonly<Record<string, string | undefined>>;

export type Known<T> =
  | { readonly kind: 'known'; readonly value: T }
  | { readonly kind: 'failed'; readonly cause: Cause };

/** What the system shows of a daemon's process to its own user. */
export interface ProcessSight {
  readonly environment: Known<Environment>;
  readonly networkNamespace: Known<string>;
  /** What kill(2) with signal 0 said. */
  readonly signal:
    | { readonly kind: 'allowed' }
    | { readonly kind: 'gone' }
    | { readonly kind: 'refused'; readonly cause: Cause };
}

export interface Caller {
  readonly env: Environment;
  readonly networkNamespace: Known<string>;
  readonly rootOf: (env: Environment) => string;
}

const COMPARED = ['HOME', 'TMPDIR'] as const;

export function symptomsOfProcess(
  directory: string,
  pid: number,
  sight: ProcessSight,
  caller: Caller,
): Symptom[] {
  const symptoms: Symptom[] = [];
  if (sight.signal.kind === 'refused')
    symptoms.push({ kind: 'signal-refused', directory, pid, cause: sight.signal.cause });
  symptoms.push(...symptomsOfEnvironment(directory, sight.environment, caller));
  const [theirs, mine] = [sight.networkNamespace, caller.networkNamespace];
  if (theirs.kind === 'failed') symptoms.push({ kind: 'namespace-unknown', directory, cause: theirs.cause });
  else if (mine.kind === 'known' && mine.value !== theirs.value)
    symptoms.push({ kind: 'network-namespace-differs', directory, pid });
  return symptoms;
}

function symptomsOfEnvironment(directory: string, theirs: Known<Environment>, caller: Caller): Symptom[] {
  if (theirs.kind === 'failed') return [{ kind: 'environment-unknown', directory, cause: theirs.cause }];
  const { env, rootOf } = caller;
  const symptoms = COMPARED.filter((variable) => env[variable] !== theirs.value[variable]).map(
    (variable): Symptom => ({
      kind: 'environment-differs',
      directory,
      variable,
      mine: env[variable],
      theirs: theirs.value[variable],
    }),
  );
  // A daemon is told its place on its command line, and has no SOLOD_DIR of its starter's.
  if (env.SOLOD_DIR && !theirs.value.SOLOD_DIR) return symptoms;
  // A relative SOLOD_DIR counts from a working directory that the daemon does not share.
  if (theirs.value.SOLOD_DIR && !theirs.value.SOLOD_DIR.startsWith('/')) return symptoms;
  const [mine, its] = [rootOf(env), rootOf(theirs.value)];
  if (mine !== its) symptoms.push({ kind: 'root-differs', directory, mine, theirs: its });
  return symptoms;
}

export function symptomsOfVersions(root: string, versions: readonly string[]): Symptom[] {
  const different = [...new Set(versions.filter((version) => version !== ''))].sort();
  return different.length > 1 ? [{ kind: 'several-versions', root, versions: different }] : [];
}

// --- what lies about --------------------------------------------------------------------------------------------------

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

/** Names in the directory of all names that can't be a daemon's: its name, or its name and the hash of a project. */
export const foreignLabels = (names: readonly string[]): string[] =>
  names.filter((name) => !isLabel(name)).sort();

export const isLabel = (name: string): boolean => isName(name.replace(/@[0-9a-z]{13}$/, ''));

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

export function symptomsOfName(reading: NameReading): Symptom[] {
  const { directory, names } = reading;
  const { trash, foreign } = sortNames(names);
  const abandoned = reading.privates
    .filter(({ ageMs, maker }) => ageMs >= ABANDONED_MS && maker.kind === 'gone')
    .map(({ name }) => name);
  return [
    ...symptomsOfCurrent(reading),
    ...symptomsOfGenerations(reading),
    ...symptomsOfLock(reading),
    ...(abandoned.length > 0 ? [{ kind: 'abandoned' as const, directory, names: abandoned }] : []),
    ...(trash.length > 0 ? [{ kind: 'trash' as const, directory, names: trash }] : []),
    ...(foreign.length > 0 ? [{ kind: 'foreign-files' as const, directory, names: foreign }] : []),
  ];
}

const numberOf = ({ current }: NameReading): number | undefined =>
  current.kind === 'target' ? generationOf(current.target) : undefined;

function symptomsOfCurrent(reading: NameReading): Symptom[] {
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

/** Only what is certain: a generation of which nothing is known is left out, since it may be anything. */
function symptomsOfGenerations(reading: NameReading): Symptom[] {
  const { directory, generations } = reading;
  const current = numberOf(reading);
  const others = generations.filter(({ generation }) => generation !== current);
  const dead = others
    .filter(({ verdict }) => verdict === 'dead' || verdict === 'absent')
    .map(({ generation }) => generation);
  const below = dead.filter((generation) => current !== undefined && generation < current);
  const above = dead.filter((generation) => current !== undefined && generation > current);
  const symptoms: Symptom[] = others
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

function symptomsOfLock({ directory, lock }: NameReading): Symptom[] {
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

/** What bears a time that has not come yet. */
export function symptomsOfTimes(
  entries: readonly { readonly path: string; readonly modifiedMs: number }[],
  wallMs: number,
): Symptom[] {
  return entries
    .map(({ path, modifiedMs }) => ({ path, aheadMs: modifiedMs - wallMs }))
    .filter(({ aheadMs }) => aheadMs > DEFAULT_TIMING.futureMs)
    .map(({ path, aheadMs }) => ({ kind: 'from-the-future', path, aheadMs }));
}
