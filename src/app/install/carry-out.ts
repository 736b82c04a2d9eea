/**
 * Carries out what was planned, in an order in which a kill between any two calls leaves what the record is enough to undo: the
 * record comes first and goes last; what settings name is there before they name it.
 */

import path from 'node:path';
import { causeOf } from '../../domain/cause.js';
import type { ChangeReading, Document, Draft } from '../../domain/ports.js';
import { notRemoved, TROUBLE } from '../sentences.js';
import { type InstallPlan, isAbove, type SettingsRewrite, type UndoPlan } from './plan.js';
import { type InstallRecord, recordText, temporaryOf } from './record.js';
import { type Refusal, refuse, type Tools } from './tools.js';

/** `changed`: somebody wrote to the settings since they were read. Nothing of theirs is lost. */
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
    () => writeRecord(tools, recordFile, record),
    () => makeAll(tools, others),
    () => putShim(tools, plan),
    () => (settings === undefined ? DONE : putSettings(tools, settings)),
    () => writeRecord(tools, recordFile, { ...record, state: 'installed' }),
  ]);
}

export function carryOutUndo(tools: Tools, plan: UndoPlan, recordFile: string): Carried {
  const { record, settings, removed } = plan;
  const own = record.directories.filter((directory) => isAbove(directory, recordFile));
  const others = record.directories.filter((directory) => !own.includes(directory));
  return inOrder([
    // What a killed installation was about to rename: the settings' new text is made there once more.
    () => removeAll(tools, [record.shim.temporary, ...(record.settings ? [record.settings.temporary] : [])]),
    () => (settings === undefined ? DONE : rewrite(tools, settings)),
    () => removeAll(tools, removed),
    () => removeEmpty(tools, others),
    () => removeAll(tools, [temporaryOf(recordFile), recordFile]),
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

/** Somebody may have made one meanwhile, which is as good. */
function makeAll({ files }: Tools, directories: readonly string[]): Carried {
  for (const directory of directories) {
    const made = files.makeDirectory(directory);
    if (made.kind !== 'done' && made.kind !== 'occupied')
      return refuse(TROUBLE.notWritten(directory, causeOf(made)));
  }
  return DONE;
}

/** rmdir(2) takes nothing but what is empty; what is not is not install's alone. */
function removeEmpty({ files }: Tools, directories: readonly string[]): Carried {
  const innermostFirst = [...directories].sort((one, other) => other.length - one.length);
  for (const directory of innermostFirst) files.removeDirectory(directory);
  return DONE;
}

function removeAll({ files }: Tools, paths: readonly string[]): Carried {
  for (const file of paths) {
    // A file system that is read-only refuses to remove also what is not there; and nothing is in a directory that is none any more.
    const found = files.inspect(file);
    if (found.kind === 'absent' || found.kind === 'wrong-type') continue;
    const removed = files.removeFile(file);
    if (removed.kind !== 'done' && removed.kind !== 'absent')
      return refuse(notRemoved(file, causeOf(removed)));
  }
  return DONE;
}

const written = (file: string, reading: ChangeReading): Carried =>
  reading.kind === 'done' ? DONE : refuse(TROUBLE.notWritten(file, causeOf(reading)));

function writeRecord(tools: Tools, file: string, record: InstallRecord): Carried {
  const temporary = temporaryOf(file);
  return inOrder([
    () => removeAll(tools, [temporary]),
    () => written(file, tools.documents.create(temporary, { text: recordText(record), mode: PRIVATE })),
    () => written(file, tools.documents.replace(temporary, file)),
  ]);
}

function putShim(tools: Tools, { record, shimText, changes }: InstallPlan): Carried {
  const { path: file, temporary } = record.shim;
  const planned = changes.find((change) => change.path === file)?.before;
  const made = written(file, tools.documents.create(temporary, { text: shimText, mode: PROGRAM }));
  if (made.kind !== 'done') return made;
  if (textAt(tools, file) !== planned) return refuse(TROUBLE.notShim(file));
  return written(file, tools.documents.replace(temporary, file));
}

function putSettings(tools: Tools, { record, before, text }: NonNullable<InstallPlan['settings']>): Carried {
  if (before?.text === text) return DONE;
  const { path: file, temporary, backup } = record;
  return inOrder([
    () => (before === undefined ? DONE : keep(tools, { file, temporary, backup, before })),
    () => rewrite(tools, { path: file, temporary, before, text }),
  ]);
}

interface Keeping {
  readonly file: string;
  readonly temporary: string;
  readonly backup: string;
  readonly before: Document;
}

/** By way of the temporary name: half a copy under its own would be taken for somebody else's. */
function keep({ documents }: Tools, { temporary, backup, before }: Keeping): Carried {
  const made = documents.create(temporary, before);
  return written(backup, made.kind === 'done' ? documents.replace(temporary, backup) : made);
}

/** Who reads the file meanwhile finds the old text, or the new one. Who has written to it since it was read is not overwritten. */
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
  if (text !== undefined) return written(file, documents.replace(temporary, file));
  return removeAll(tools, [file]);
}

/** @returns null where it can't be read, which is never what was planned with */
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
