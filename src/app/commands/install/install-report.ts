/** What install and uninstall report: what they did, or would do. */

import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';
import type { KickResult } from '../../library/kick-daemon.js';
import type { CommandOptions } from '../../options/option-table.js';
import { type Complaint, messageOf } from '../../texts/complaint.js';
import { type Output, printAs } from '../command-parts.js';
import type { Change, UndoPlan } from './install-plan.js';
import type { InstallRecord } from './install-record.js';

export interface Installed {
  readonly kind: 'installed' | 'already-installed';
  readonly record: InstallRecord;
  readonly notes: readonly Complaint[];
}

type Manner = Pick<CommandOptions, 'json'>;

/** As one line of JSON with the notes in it, or as text with the notes on stderr. */
function report(
  output: Output,
  manner: Manner,
  facts: object,
  text: string,
  complaints: readonly Complaint[],
): void {
  const notes = complaints.map(messageOf);
  printAs(output, manner, { ...facts, notes }, text);
  if (!manner.json) for (const note of notes) output.complain(note);
}

export function reportInstall(
  output: Output,
  manner: Manner,
  installed: Installed,
  kicked: KickResult,
): void {
  const { kind, record, notes } = installed;
  const { command, shim, settings } = record;
  const facts = {
    kind,
    command: shim.path,
    settings: settings && { path: settings.path, entry: settings.entry, backup: backupOf(record) },
    kick: kicked.kind,
  };
  const entry = settings === undefined ? '' : `, and as ${settings.entry.join('.')} in ${settings.path}`;
  const how = kind === 'installed' ? 'installed' : 'already installed';
  report(output, manner, facts, `${command}: ${how} as ${shim.path}${entry}\n`, notes);
}

/** @returns undefined if there was nothing to back up */
function backupOf({ settings }: InstallRecord): string | undefined {
  return settings?.before === null || settings?.before === settings?.after ? undefined : settings?.backup;
}

export function reportUninstall(output: Output, manner: Manner, { record, changes, notes }: UndoPlan): void {
  const files = changes.map(({ path: file, after }) => ({
    path: file,
    change: after === undefined ? 'removed' : 'edited',
  }));
  const lines = files.map(({ path: file, change }) => `${change} ${file}\n`).join('');
  const text = `${lines}${record.command}: uninstalled; its daemon, if there is one, stays until "solod stop"\n`;
  report(output, manner, { kind: 'uninstalled', command: record.shim.path, files }, text, notes);
}

export function reportForecast(
  output: Output,
  manner: Manner,
  { changes, notes }: Pick<UndoPlan, 'changes' | 'notes'>,
): void {
  const files = changes
    .filter(({ before, after }) => before !== after)
    .map(({ path: file, before, after }) => ({ path: file, patch: patchOf({ path: file, before, after }) }));
  const text = files.length === 0 ? 'nothing would change\n' : files.map(({ patch }) => patch).join('');
  report(output, manner, { kind: 'dry-run', files }, text, notes);
}

/** Unified, as diff(1) and patch(1) have it. */
function patchOf({ path: file, before, after }: Change): string {
  const name = (text: string | undefined): string => (text === undefined ? '/dev/null' : file);
  const options = { headerOptions: FILE_HEADERS_ONLY };
  return createTwoFilesPatch(
    name(before),
    name(after),
    before ?? '',
    after ?? '',
    undefined,
    undefined,
    options,
  );
}
