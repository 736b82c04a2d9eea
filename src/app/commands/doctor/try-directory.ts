/** Tries in a private directory everything that a daemon does, to prove that one can live there. */

import type { TrialReading, TrialStep } from '../../../domain/doctor/trial-checks.js';
import { aliveBeside, join, layout, NAMES } from '../../../domain/place/layout.js';
import { causeIn, type NoSuccess } from '../../../domain/procedure/cause.js';
import type { Clock } from '../../../ports/clock.js';
import type { FileSystem } from '../../../ports/file-system.js';
import type { Listener } from '../../../ports/listener.js';
import type { ChangeReading } from '../../../ports/readings.js';
import type { ConnectReading, SocketProbe } from '../../../ports/socket-probe.js';
import type { Held, HoldReading, Witness } from '../../../ports/witness.js';

export interface TrialParts {
  readonly files: FileSystem;
  readonly listener: Listener;
  readonly probe: SocketProbe;
  readonly clock: Pick<Clock, 'now'>;
  /** Where a daemon claims by a file that it holds: what holds it. */
  readonly lock: Witness | undefined;
}

/** How long a connection may take, in milliseconds. The kernel takes or refuses a local one at once. */
const CONNECT_MS = 1_500;

type Unfit = Extract<TrialReading, { readonly kind: 'refused' | 'unsettled' }>;

/**
 * @param directory an existing one
 * @param nonce one that nobody else uses
 */
export async function tryOut(parts: TrialParts, directory: string, nonce: string): Promise<TrialReading> {
  const { files } = parts;
  const place = layout.private(directory, nonce);
  const made = files.makeDirectory(place);
  // Nothing was made, so there is nothing to remove.
  if (made.kind !== 'done') return refused('making', made);
  let reading: TrialReading | undefined;
  try {
    reading = await tryIn(parts, place);
  } finally {
    await parts.listener.close();
    const removed = files.removeTree(place);
    if (removed.kind !== 'done' && reading?.kind === 'passed') reading = refused('removing', removed);
  }
  return reading;
}

async function tryIn(parts: TrialParts, place: string): Promise<TrialReading> {
  const { files, lock } = parts;
  const aheadMs = clockAhead(parts, join(place, 'now'));
  if (typeof aheadMs !== 'number') return aheadMs;
  const unfit = await inOrder(
    lock === undefined ? actsOfGenerations(parts, place) : actsOfLock({ ...parts, lock }, place),
  );
  if (unfit !== undefined) return unfit;
  if (lock !== undefined) return { kind: 'held', aheadMs };
  files.makeDirectory(join(place, '3'));
  files.createFile(join(place, '3', NAMES.owner), '');
  // This decides who serves: renaming over a directory that is not empty must be refused.
  if (files.rename(join(place, '3'), join(place, '2')).kind !== 'occupied') return { kind: 'not-exclusive' };
  return { kind: 'passed', aheadMs };
}

/** By how many milliseconds the file system's clock is ahead; 0 for a time between our two readings. */
function clockAhead({ files, clock }: TrialParts, path: string): number | Unfit {
  const before = clock.now().wallMs;
  const made = files.createFile(path, '\n');
  if (made.kind !== 'done') return refused('making', made);
  const found = files.inspect(path);
  const after = clock.now().wallMs;
  if (found.kind !== 'entry') return refused('making', found);
  const { modifiedMs } = found.entry;
  return Math.min(0, modifiedMs - before) + Math.max(0, modifiedMs - after);
}

type Unanswered = Extract<ConnectReading, { readonly kind: 'silent' | 'own' }>;

type Act = readonly [TrialStep, () => ChangeReading | HoldReading | Promise<ChangeReading | ConnectReading>];

const connectIn = ({ probe }: TrialParts, directory: string): Promise<ConnectReading> =>
  probe.connect(join(directory, NAMES.socket), CONNECT_MS);

function actsOfGenerations(parts: TrialParts, place: string): readonly Act[] {
  const { files, listener } = parts;
  const [first, second] = [join(place, '1'), join(place, '2')];
  return [
    ['making', () => files.makeDirectory(first)],
    ['binding', () => listener.listen(join(first, NAMES.socket))],
    ['connecting', () => connectIn(parts, first)],
    ['renaming', () => files.rename(first, second)],
    ['pointing', () => files.makeLink('1', layout.current(place))],
    ['pointing', () => files.makeLink('2', join(place, 'link'))],
    ['pointing', () => files.rename(join(place, 'link'), layout.current(place))],
    ['connecting-renamed', () => connectIn(parts, layout.current(place))],
  ];
}

/** `hold` looks itself whether the file is held then. */
function actsOfLock(parts: TrialParts & { readonly lock: Witness }, place: string): readonly Act[] {
  const { listener, lock } = parts;
  const held = aliveBeside(join(place, NAMES.owner));
  return [
    ['holding', () => lock.hold(held)],
    ['binding', () => listener.listen(join(place, NAMES.socket))],
    ['connecting', () => connectIn(parts, place)],
    ['holding', () => lock.release(held)],
  ];
}

async function inOrder(acts: readonly Act[]): Promise<Unfit | undefined> {
  for (const [step, act] of acts) {
    const reading = await act();
    if (reading.kind !== 'done' && reading.kind !== 'connected') return refused(step, reading);
  }
  return undefined;
}

/** @param reading `held`: another program has opened a file of this trial, which is over in a moment */
function refused(step: TrialStep, reading: NoSuccess | Unanswered | Held): Unfit {
  if (reading.kind === 'silent' || reading.kind === 'own' || reading.kind === 'held')
    return { kind: 'unsettled', step };
  return { kind: 'refused', step, cause: causeIn(reading) };
}
