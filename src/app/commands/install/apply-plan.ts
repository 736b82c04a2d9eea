/**
 * Carries out a plan. A kill between any two calls leaves a state that can be undone from the record alone:
 * the record is written first and removed last, and the command exists before the settings name it.
 */

import path from 'node:path';
import { causeIn } from '../../../domain/procedure/cause.js';
import type { Draft } from '../../../ports/documents.js';
import type { ChangeReading } from '../../../ports/readings.js';
import { notRemoved } from '../../texts/failure-text.js';
import { INSTALL_TROUBLE } from '../../texts/install-text.js';
import { type InstallPlan, isAbove, planUndo, type SettingsRewrite, type UndoPlan } from './install-plan.js';
import { halfRecords, type InstallRecord, recordText, temporaryOf } from './install-record.js';
import { type Refusal, refuse, type Tools } from './install-tools.js';

/** `changed`: another program wrote to the file since it was read. Its changes are not lost. */
export type Carried =
  | { readonly kind: 'done' }
  | { readonly kind: 'changed'; readonly path: string }
  | Refusal;

const DONE = { kind: 'done' } as const;
const PROGRAM = 0o755;
const PRIVATE = 0o600;

export function carryOut(tools: Tools, plan: InstallPlan): Carried {
  const { record, recordFile, settings } = plan;
  const own = record.directories.filter((directory) => isAbove(directory, recordFile));
  const others = record.directories.filter((directory) => !own.includes(directory));
  return inOrder([
    () => makeAll(tools, own),
    () => begin(tools, recordFile, record),
    () => makeAll(tools, others),
    () => putShim(tools, plan),
    () => (settings === undefined ? DONE : putSettings(tools, settings)),
    () => written(recordFile, putRecord(tools, recordFile, 'replace', { ...record, state: 'installed' })),
  ]);
}

export function carryOutUndo(tools: Tools, plan: UndoPlan, recordFile: string): Carried {
  const { record, settings, removed } = plan;
  const own = record.directories.filter((directory) => isAbove(directory, recordFile));
  const others = record.directories.filter((directory) => !own.includes(directory));
  return inOrder([
    // Temporary files of a killed installation. The settings' new text is made under the same name again.
    () => removeAll(tools, [record.shim.temporary, ...(record.settings ? [record.settings.temporary] : [])]),
    () => (settings === undefined ? DONE : rewrite(tools, settings)),
    () => removeAll(tools, removed),
    () => removeEmpty(tools, others),
    () => removeAll(tools, [...halfRecords(tools, recordFile), recordFile]),
    () => removeEmpty(tools, [...own, path.dirname(recordFile)]),
  ]);
}

function inOrder(acts: readonly (() => Carried)[]): Carried {
  for (const act of acts) {
    const carried = act();
    if (carried.kind !== 'done') return carried;
  }
  return DONE;
}

/** If another process made a directory meanwhile, that is fine. */
function makeAll({ files }: Tools, directories: readonly string[]): Carried {
  for (const directory of directories) {
    const made = files.makeDirectory(directory);
    if (made.kind !== 'done' && made.kind !== 'occupied')
      return refuse(INSTALL_TROUBLE.notWritten(directory, causeIn(made)));
  }
  return DONE;
}

/** rmdir(2) removes only empty directories: one that holds anything else is not install's alone. */
function removeEmpty({ files }: Tools, directories: readonly string[]): Carried {
  const innermostFirst = [...directories].sort((one, other) => other.length - one.length);
  for (const directory of innermostFirst) files.removeDirectory(directory);
  return DONE;
}

function removeAll({ files }: Tools, paths: readonly string[]): Carried {
  for (const file of paths) {
    // A read-only file system refuses to remove even a file that is not there.
    const found = files.inspect(file);
    if (found.kind === 'absent' || found.kind === 'wrong-type') continue;
    const removed = files.removeFile(file);
    if (removed.kind !== 'done' && removed.kind !== 'absent')
      return refuse(notRemoved(file, causeIn(removed)));
  }
  return DONE;
}

const written = (file: string, reading: ChangeReading): Carried =>
  reading.kind === 'done' ? DONE : refuse(INSTALL_TROUBLE.notWritten(file, causeIn(reading)));

/** A new file (`publish`), or one in place of another. The text is made under a temporary name first. */
type Putting = 'publish' | 'replace';

function put(
  tools: Tools,
  { file, temporary, how }: { file: string; temporary: string; how: Putting },
  draft: Draft,
): ChangeReading {
  const made = tools.documents.create(temporary, draft);
  if (made.kind !== 'done') return made;
  const named = tools.documents[how](temporary, file);
  if (named.kind !== 'done') tools.files.removeFile(temporary);
  return named;
}

function putRecord(tools: Tools, file: string, how: Putting, record: InstallRecord): ChangeReading {
  const temporary = temporaryOf(file, tools.nonce());
  return put(tools, { file, temporary, how }, { text: recordText(record), mode: PRIVATE });
}

/** Of two installations that start at once, one gets the record; the other has changed nothing yet. */
function begin(tools: Tools, file: string, record: InstallRecord): Carried {
  const reading = putRecord(tools, file, 'publish', record);
  return reading.kind === 'occupied' ? { kind: 'changed', path: file } : written(file, reading);
}

/** Whether the record is still that of this attempt. */
const isRecorded = (tools: Tools, file: string, record: InstallRecord): boolean =>
  textAt(tools, file) === recordText(record);

/** If this fails too, the record stays for "solod uninstall". The record of another process is left alone. */
export function takeBack(tools: Tools, { record, recordFile }: InstallPlan): void {
  if (!isRecorded(tools, recordFile, record)) {
    removeEmpty(tools, [...record.directories, path.dirname(recordFile)]);
    return;
  }
  const undo = planUndo(tools, record);
  if (undo.kind === 'planned') carryOutUndo(tools, undo.plan, recordFile);
}

function putShim(tools: Tools, { record, shimText, changes }: InstallPlan): Carried {
  const { path: file, temporary } = record.shim;
  const planned = changes.find((change) => change.path === file)?.before;
  const draft = { text: shimText, mode: PROGRAM };
  if (planned !== undefined && textAt(tools, file) !== planned) return refuse(INSTALL_TROUBLE.notShim(file));
  const how = planned === undefined ? 'publish' : 'replace';
  const reading = put(tools, { file, temporary, how }, draft);
  return reading.kind === 'occupied' ? refuse(INSTALL_TROUBLE.notShim(file)) : written(file, reading);
}

function putSettings(tools: Tools, { record, before, text }: NonNullable<InstallPlan['settings']>): Carried {
  if (before?.text === text) return DONE;
  const { path: file, temporary, backup } = record;
  const kept: Carried =
    before === undefined
      ? DONE
      : written(backup, put(tools, { file: backup, temporary, how: 'publish' }, before));
  return kept.kind === 'done' ? rewrite(tools, { path: file, temporary, before, text }) : kept;
}

/** A reader finds the old text or the new one. A change made since the file was read is not overwritten. */
function rewrite(tools: Tools, { path: file, temporary, before, text }: SettingsRewrite): Carried {
  const { files, documents } = tools;
  if (text !== undefined) {
    const draft: Draft = { mode: PRIVATE, ...before, text };
    const made = documents.create(temporary, draft);
    if (made.kind !== 'done') return written(file, made);
  }
  if (textAt(tools, file) !== before?.text) {
    files.removeFile(temporary);
    return { kind: 'changed', path: file };
  }
  if (text === undefined) return removeAll(tools, [file]);
  const reading =
    before === undefined ? documents.publish(temporary, file) : documents.replace(temporary, file);
  if (reading.kind !== 'done') files.removeFile(temporary);
  return reading.kind === 'occupied' ? { kind: 'changed', path: file } : written(file, reading);
}

/** @returns null if it can't be read: then it differs from any planned text */
function textAt({ documents }: Tools, file: string): string | undefined | null {
  const reading = documents.read(file);
  switch (reading.kind) {
    case 'document':
      return reading.document.text;
    case 'absent':
      return undefined;
    case 'wrong-type':
    case 'failed':
      return null;
  }
}
