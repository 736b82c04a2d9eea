/** Plans what installing, or undoing it, will do. Decides from what is there, before anything is changed. */

import path from 'node:path';
import { causeIn } from '../../../domain/procedure/cause.js';
import type { Document } from '../../../ports/documents.js';
import type { FileSystem } from '../../../ports/file-system.js';
import { EXIT } from '../../environment/exit-codes.js';
import type { Complaint } from '../../texts/complaint.js';
import { INSTALL_TROUBLE } from '../../texts/install-text.js';
import { type InstallRecord, recordsIn, type SettingsRecord } from './install-record.js';
import { type Planned, type Refusal, refuse, type Tools } from './install-tools.js';
import { EMPTY_SETTINGS, hashOf, merge, type SettingsUndo, undo } from './settings-file.js';
import { isShim } from './shim.js';

export interface SettingsRequest {
  /** Absolute. */
  readonly path: string;
  readonly entry: readonly string[];
  readonly value: unknown;
}

export interface InstallRequest {
  /** The directory of all records. */
  readonly records: string;
  /** The record of this installation, there. */
  readonly recordFile: string;
  readonly command: string;
  readonly service: string;
  readonly daemon: string;
  readonly shim: { readonly path: string; readonly text: string };
  readonly settings: SettingsRequest | undefined;
}

/** A file as it is and as it will be; undefined if there is none. */
export interface Change {
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

export interface SettingsPlan {
  readonly record: SettingsRecord;
  /** Undefined if there is no such file. */
  readonly before: Document | undefined;
  readonly text: string;
}

export interface InstallPlan {
  readonly record: InstallRecord;
  readonly recordFile: string;
  readonly shimText: string;
  readonly settings: SettingsPlan | undefined;
  readonly changes: readonly Change[];
}

/** What an earlier plan will do to a file; undefined if nothing. */
export type Foreseen = (path: string) => Change | undefined;

const nothingForeseen: Foreseen = () => undefined;

type Found = { readonly kind: 'found'; readonly document: Document | undefined } | Refusal;

function find({ documents }: Tools, file: string, foreseen: Foreseen = nothingForeseen): Found {
  const reading = documents.read(file);
  if (reading.kind === 'wrong-type') return refuse(INSTALL_TROUBLE.noFile(file));
  if (reading.kind === 'failed') return refuse(INSTALL_TROUBLE.notRead(file, reading.cause));
  const document = reading.kind === 'document' ? reading.document : undefined;
  const change = foreseen(file);
  if (change === undefined) return { kind: 'found', document };
  const { after } = change;
  return {
    kind: 'found',
    document: after === undefined || document === undefined ? undefined : { ...document, text: after },
  };
}

export function planInstall(
  tools: Tools,
  request: InstallRequest,
  foreseen: Foreseen = nothingForeseen,
): Planned<InstallPlan> {
  const shim = find(tools, request.shim.path, foreseen);
  if (shim.kind === 'refused') return shim;
  const inTheWay = shim.document?.text;
  if (inTheWay !== undefined && !isShim(inTheWay)) return refuse(INSTALL_TROUBLE.notShim(request.shim.path));
  const settings = request.settings && planSettings(tools, request.settings, foreseen);
  if (settings?.kind === 'refused') return settings;
  const { recordFile } = request;
  const record = recordOf(tools, request, settings?.plan, recordFile);
  const changes: Change[] = [{ path: request.shim.path, before: inTheWay, after: request.shim.text }];
  if (settings !== undefined) changes.push(changeOf(settings.plan));
  return {
    kind: 'planned',
    plan: { record, recordFile, shimText: request.shim.text, settings: settings?.plan, changes },
  };
}

const changeOf = ({ record, before, text }: SettingsPlan): Change => ({
  path: record.path,
  before: before?.text,
  after: text,
});

function recordOf(
  tools: Tools,
  request: InstallRequest,
  settings: SettingsPlan | undefined,
  file: string,
): InstallRecord {
  const { command, service, daemon, shim } = request;
  const places = [file, shim.path, ...(settings === undefined ? [] : [settings.record.path])];
  const missing = places.flatMap((place) => missingAbove(tools.files, place));
  const directories = new Set([...missing, ...sharedAbove(tools, request.records, places)]);
  const temporary = path.join(path.dirname(shim.path), `.${command}.${tools.nonce()}.solod-new`);
  return {
    format: 1,
    state: 'begun',
    by: tools.self(),
    command,
    service,
    daemon,
    shim: { path: shim.path, temporary, hash: hashOf(shim.text) },
    ...(settings === undefined ? {} : { settings: settings.record }),
    directories: [...directories].sort((one, other) => one.length - other.length),
  };
}

export const isAbove = (directory: string, file: string): boolean =>
  file.startsWith(`${directory}${path.sep}`);

/** The missing directories above a file. */
function missingAbove(files: FileSystem, file: string): readonly string[] {
  const missing: string[] = [];
  let directory = path.dirname(file);
  while (files.inspect(directory).kind === 'absent' && directory !== path.dirname(directory)) {
    missing.push(directory);
    directory = path.dirname(directory);
  }
  return missing;
}

/** Directories that another command made and this one needs too: the last uninstallation removes them. */
function sharedAbove(tools: Tools, records: string, places: readonly string[]): readonly string[] {
  const made = recordsIn(tools, records).records.flatMap(([, { directories }]) => directories);
  return made.filter((directory) => places.some((place) => isAbove(directory, place)));
}

/** @returns the file that a link leads to: the link itself would be lost by the rename */
export function settingsFile(
  { files, documents }: Tools,
  file: string,
): { readonly kind: 'path'; readonly path: string } | Refusal {
  if (files.inspect(file).kind === 'absent') return { kind: 'path', path: file };
  const real = documents.resolve(file);
  return real.kind === 'path' ? real : refuse(INSTALL_TROUBLE.notRead(file, causeIn(real)));
}

function planSettings(
  tools: Tools,
  { path: given, entry, value }: SettingsRequest,
  foreseen: Foreseen,
): Planned<SettingsPlan> {
  const file = settingsFile(tools, given);
  if (file.kind === 'refused') return file;
  const found = find(tools, file.path, foreseen);
  if (found.kind === 'refused') return found;
  const { document } = found;
  if (isReadOnly(document)) return refuse(INSTALL_TROUBLE.readOnly(file.path));
  const merged = merge(document?.text ?? EMPTY_SETTINGS, entry, value);
  if (merged.kind === 'refused')
    return refuse(INSTALL_TROUBLE.settings(file.path, merged.refusal), EXIT.unusableData);
  const { text, previous, depth } = merged;
  const record: SettingsRecord = {
    path: file.path,
    temporary: `${file.path}.${tools.nonce()}.solod-new`,
    backup: backupFor(tools, file.path),
    entry: [...entry],
    depth,
    value: JSON.stringify(value),
    ...(previous === undefined ? {} : { previous }),
    before: document === undefined ? null : hashOf(document.text),
    after: hashOf(text),
  };
  return { kind: 'planned', plan: { record, before: document, text } };
}

/** The user who made a file read-only wants it to stay as it is, even though a rename could replace it. */
const isReadOnly = (document: Document | undefined): boolean =>
  document !== undefined && (document.mode & 0o200) === 0;

function backupFor({ files, nonce }: Tools, file: string): string {
  const usual = `${file}.solod-backup`;
  return files.inspect(usual).kind === 'absent' ? usual : `${usual}-${nonce()}`;
}

/** From one text of the settings to another; undefined stands for no file. */
export interface SettingsRewrite {
  readonly path: string;
  readonly temporary: string;
  readonly before: Document | undefined;
  readonly text: string | undefined;
}

export interface UndoPlan {
  readonly record: InstallRecord;
  /** Undefined if the settings stay as they are. */
  readonly settings: SettingsRewrite | undefined;
  readonly shim: 'ours' | 'foreign' | 'absent';
  /** Temporary files, the backup of the settings, the shim. */
  readonly removed: readonly string[];
  readonly changes: readonly Change[];
  /** Files that were changed since, and are left as they are. */
  readonly notes: readonly Complaint[];
}

export function planUndo(tools: Tools, record: InstallRecord): Planned<UndoPlan> {
  const settings = record.settings && planSettingsUndo(tools, record.settings);
  if (settings?.kind === 'refused') return settings;
  const found = find(tools, record.shim.path);
  const text = found.kind === 'found' ? found.document?.text : undefined;
  const shim = found.kind === 'found' ? ownershipOf(text, record) : 'foreign';
  const removed = [record.shim.temporary, ...(settings?.removed ?? [])];
  const notes = [...(settings?.notes ?? [])];
  const changes = [...(settings?.changes ?? [])];
  if (shim === 'foreign') notes.push(INSTALL_TROUBLE.shimChanged(record.shim.path));
  if (shim === 'ours') {
    removed.push(record.shim.path);
    changes.push({ path: record.shim.path, before: text, after: undefined });
  }
  return { kind: 'planned', plan: { record, settings: settings?.plan, shim, removed, changes, notes } };
}

function ownershipOf(text: string | undefined, { shim }: InstallRecord): UndoPlan['shim'] {
  if (text === undefined) return 'absent';
  return hashOf(text) === shim.hash ? 'ours' : 'foreign';
}

interface SettingsUndoPlan extends Pick<UndoPlan, 'removed' | 'changes' | 'notes'> {
  readonly kind: 'planned';
  readonly plan: SettingsRewrite | undefined;
}

function planSettingsUndo(tools: Tools, record: SettingsRecord): SettingsUndoPlan | Refusal {
  const found = find(tools, record.path);
  if (found.kind === 'refused') return found;
  const kept = find(tools, record.backup);
  const original = kept.kind === 'found' ? kept.document?.text : undefined;
  const isOurs = original !== undefined && hashOf(original) === record.before;
  const before = found.document;
  const decided = undo(record, before?.text, original);
  if (decided.kind === 'refused')
    return refuse(INSTALL_TROUBLE.settings(record.path, decided.refusal), EXIT.unusableData);
  const change = changeByUndo(record.path, before, decided);
  if (change !== undefined && isReadOnly(before)) return refuse(INSTALL_TROUBLE.readOnly(record.path));
  // Then the backup is the only copy of the previous entry.
  const isNeeded = isOurs && decided.kind === 'left' && record.previous !== undefined;
  const notes =
    decided.kind === 'left' ? [INSTALL_TROUBLE.entryChanged(record.path, record.entry.join('.'))] : [];
  if (isNeeded) notes.push(INSTALL_TROUBLE.backupKept(record.backup));
  const removed = [record.temporary, ...(isOurs && !isNeeded ? [record.backup] : [])];
  const { path: file, temporary } = record;
  const plan = change && { path: file, temporary, before, text: change.after };
  return { kind: 'planned', plan, removed, changes: change === undefined ? [] : [change], notes };
}

function changeByUndo(
  file: string,
  before: Document | undefined,
  decided: Exclude<SettingsUndo, { readonly kind: 'refused' }>,
): Change | undefined {
  switch (decided.kind) {
    case 'untouched':
    case 'left':
      return undefined;
    case 'rewritten':
      return { path: file, before: before?.text, after: decided.text };
    case 'deleted':
      return { path: file, before: before?.text, after: undefined };
  }
}
