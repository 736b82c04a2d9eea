/** Installs and uninstalls a command: plans, carries out, and undoes an attempt that failed halfway. */

import { EXIT } from '../../environment/exit-codes.js';
import { INSTALL_TROUBLE } from '../../texts/install-text.js';
import { type Carried, carryOut, carryOutUndo, takeBack } from './apply-plan.js';
import {
  type Change,
  type Foreseen,
  type InstallPlan,
  type InstallRequest,
  planInstall,
  planUndo,
  settingsFile,
  type UndoPlan,
} from './install-plan.js';
import { type InstallRecord, isAtWork, readRecord } from './install-record.js';
import { type Refusal, refuse, type Tools } from './install-tools.js';
import { hashOf, holdsEntry } from './settings-file.js';

/** How often an attempt is repeated because another program wrote to the settings meanwhile. */
const ROUNDS_MAX = 3;

export type InstallOutcome =
  | { readonly kind: 'installed'; readonly plan: InstallPlan; readonly replaced: UndoPlan | undefined }
  | { readonly kind: 'already-installed'; readonly record: InstallRecord }
  | Refusal;

/** How the files would change. Nothing is changed. */
export type InstallForecast =
  | { readonly kind: 'planned'; readonly changes: readonly Change[]; readonly replaced: UndoPlan | undefined }
  | { readonly kind: 'already-installed'; readonly record: InstallRecord }
  | Refusal;

export type UninstallOutcome = { readonly kind: 'uninstalled'; readonly plan: UndoPlan } | Refusal;

export function foresee(tools: Tools, request: InstallRequest): InstallForecast {
  const existing = readRecord(tools, request.recordFile);
  if (existing.kind === 'refused') return existing;
  const { record } = existing;
  if (record === undefined) {
    const planned = planInstall(tools, request);
    return planned.kind === 'refused' ? planned : { ...planned.plan, kind: 'planned', replaced: undefined };
  }
  if (isAtWork(tools, record)) return busy(record);
  if (isAsAsked(tools, record, request)) return { kind: 'already-installed', record };
  if (record.service !== request.service && record.daemon !== request.daemon)
    return refuse(INSTALL_TROUBLE.taken(record.command, record.service));
  const replaced = planUndo(tools, record);
  if (replaced.kind === 'refused') return replaced;
  if (replaced.plan.shim === 'foreign') return refuse(INSTALL_TROUBLE.notShim(record.shim.path));
  const { changes } = replaced.plan;
  const planned = planInstall(tools, request, foreseenBy(changes));
  if (planned.kind === 'refused') return planned;
  return { kind: 'planned', changes: together(changes, planned.plan.changes), replaced: replaced.plan };
}

const busy = ({ command, by }: InstallRecord): Refusal =>
  refuse(INSTALL_TROUBLE.busy(command, by.pid), EXIT.tempFail);

const foreseenBy =
  (changes: readonly Change[]): Foreseen =>
  (file) =>
    changes.find((change) => change.path === file);

/** Two changes of the same file count as one. */
function together(first: readonly Change[], then: readonly Change[]): readonly Change[] {
  const untouched = first.filter(({ path }) => !then.some((change) => change.path === path));
  const begun = foreseenBy(first);
  return [
    ...untouched,
    ...then.map((change) => ({ ...change, before: (begun(change.path) ?? change).before })),
  ];
}

/** A previous installation is undone only after planning has shown that the new one can be made. */
export function install(tools: Tools, request: InstallRequest): InstallOutcome {
  return insist(() => tryInstall(tools, request));
}

export function uninstall(tools: Tools, record: InstallRecord, file: string): UninstallOutcome {
  return insist(() => tryUninstall(tools, record, file));
}

type Changed = Extract<Carried, { readonly kind: 'changed' }>;

function insist<O>(attempt: () => O | Changed): Exclude<O, Changed> | Refusal {
  let outcome = attempt();
  for (let round = 2; round <= ROUNDS_MAX && isChanged(outcome); round += 1) outcome = attempt();
  return isChanged(outcome)
    ? refuse(INSTALL_TROUBLE.keptChanging(outcome.path))
    : (outcome as Exclude<O, Changed>);
}

const isChanged = (outcome: unknown): outcome is Changed =>
  (outcome as { readonly kind: string }).kind === 'changed';

function tryInstall(tools: Tools, request: InstallRequest): InstallOutcome | Changed {
  const forecast = foresee(tools, request);
  if (forecast.kind !== 'planned') return forecast;
  const { replaced } = forecast;
  if (replaced !== undefined) {
    const undone = carryOutUndo(tools, replaced, request.recordFile);
    if (undone.kind !== 'done') return undone;
  }
  const planned = planInstall(tools, request);
  if (planned.kind === 'refused') return planned;
  const carried = carryOut(tools, planned.plan);
  if (carried.kind === 'done') return { kind: 'installed', plan: planned.plan, replaced };
  takeBack(tools, planned.plan);
  return carried;
}

function tryUninstall(tools: Tools, record: InstallRecord, file: string): UninstallOutcome | Changed {
  if (isAtWork(tools, record)) return busy(record);
  const planned = planUndo(tools, record);
  if (planned.kind === 'refused') return planned;
  const carried = carryOutUndo(tools, planned.plan, file);
  return carried.kind === 'done' ? { kind: 'uninstalled', plan: planned.plan } : carried;
}

/** Whether everything is there just as it would be installed now. */
function isAsAsked(tools: Tools, record: InstallRecord, request: InstallRequest): boolean {
  const { shim, settings } = request;
  const isSame = record.state === 'installed' && record.service === request.service;
  if (!isSame || record.shim.hash !== hashOf(shim.text) || hashAt(tools, shim.path) !== record.shim.hash)
    return false;
  if (settings === undefined || record.settings === undefined) return settings === record.settings;
  const file = settingsFile(tools, settings.path);
  const { path, entry, value } = record.settings;
  const isSameEntry =
    entry.join('\0') === settings.entry.join('\0') && value === JSON.stringify(settings.value);
  if (!isSameEntry || file.kind === 'refused' || file.path !== path) return false;
  const reading = tools.documents.read(path);
  return reading.kind === 'document' && holdsEntry(reading.document.text, entry, value);
}

function hashAt({ documents }: Tools, file: string): string | undefined {
  const reading = documents.read(file);
  return reading.kind === 'document' ? hashOf(reading.document.text) : undefined;
}
