/**
 * The record of an installation, written before it changes anything. Uninstalling needs nothing else, also
 * after a kill at any point. There is one file per installed command, in a directory that survives a reboot.
 */

import path from 'node:path';
import { z } from 'zod';
import { vitalityOf } from '../../../domain/evidence/identity.js';
import { parseJson } from '../../../domain/evidence/json.js';
import { foldedName, type Platform, shortHash } from '../../../domain/place/layout.js';
import { causeIn } from '../../../domain/procedure/cause.js';
import type { Environment } from '../../environment/state-root.js';
import { INSTALL_TROUBLE } from '../../texts/install-text.js';
import { type Refusal, refuse, type Tools } from './install-tools.js';

const settingsSchema = z.object({
  /** The file itself, if a link leads to it. */
  path: z.string(),
  /** Where its new text is made. */
  temporary: z.string(),
  /** Where its old text is kept. */
  backup: z.string(),
  entry: z.array(z.string()).min(1),
  depth: z.number().int().min(0),
  value: z.string(),
  previous: z.string().optional(),
  before: z.string().nullable(),
  after: z.string(),
});

const recordSchema = z.object({
  format: z.literal(1),
  /** `begun`: the installation is not complete, or was killed before it said so. */
  state: z.enum(['begun', 'installed']),
  /** The process that installed it. */
  by: z.object({
    pid: z.number().int().positive(),
    startTime: z.string(),
    bootId: z.string(),
    pidNamespace: z.string(),
  }),
  command: z.string(),
  /** The real path of the service file. */
  service: z.string(),
  /** The name of its daemon. */
  daemon: z.string(),
  shim: z.object({ path: z.string(), temporary: z.string(), hash: z.string() }),
  settings: settingsSchema.optional(),
  /** Directories that were missing, outermost first. */
  directories: z.array(z.string()),
});

export type InstallRecord = Readonly<z.infer<typeof recordSchema>>;
export type SettingsRecord = Readonly<z.infer<typeof settingsSchema>>;

function parseRecord(text: string): InstallRecord | undefined {
  const { success, data } = recordSchema.safeParse(parseJson(text));
  return success ? data : undefined;
}

export const recordText = (record: InstallRecord): string => `${JSON.stringify(record, null, 2)}\n`;

/** Not `$XDG_RUNTIME_DIR`, which is emptied at logout. A relative variable is ignored, as XDG demands. */
export function recordsDirectory({ XDG_STATE_HOME }: Environment, home: string): string {
  const base = XDG_STATE_HOME && path.isAbsolute(XDG_STATE_HOME) ? XDG_STATE_HOME : undefined;
  return path.join(base ?? path.join(home, '.local', 'state'), 'solod', 'installs');
}

/**
 * @param shim the path of the shim: each has a record, and one that differs by the case of its name has the
 * same where the file system ignores case
 */
export function recordFile(records: string, shim: string, platform: Platform): string {
  const name = foldedName(path.basename(shim), platform);
  const hash = shortHash(path.join(path.dirname(shim), name));
  return path.join(records, `${name}-${hash}.json`);
}

const NEW = '.new';

/** Where a record's text is made. */
export const temporaryOf = (file: string, nonce: string): string => `${file}.${nonce}${NEW}`;

/** Temporary files that killed processes left beside a record. */
export function halfRecords({ files }: Tools, file: string): readonly string[] {
  const directory = path.dirname(file);
  const listed = files.list(directory);
  const names = listed.kind === 'names' ? listed.names : [];
  const isHalf = (name: string): boolean => name.startsWith(`${path.basename(file)}.`) && name.endsWith(NEW);
  return names.filter(isHalf).map((name) => path.join(directory, name));
}

/** Whether another process is installing it right now. If that is unclear the process counts as dead. */
export function isAtWork({ processes, self }: Tools, { state, by }: InstallRecord): boolean {
  const own = self();
  if (state === 'installed' || by.pid === own.pid) return false;
  return vitalityOf(by, own, processes.lookUp(by.pid)) === 'alive';
}

type RecordReading = { readonly kind: 'read'; readonly record: InstallRecord | undefined } | Refusal;

export function readRecord({ documents }: Tools, file: string): RecordReading {
  const reading = documents.read(file);
  if (reading.kind === 'absent') return { kind: 'read', record: undefined };
  if (reading.kind !== 'document') return refuse(INSTALL_TROUBLE.notRead(file, causeIn(reading)));
  const record = parseRecord(reading.document.text);
  return record === undefined ? refuse(INSTALL_TROUBLE.noRecord(file)) : { kind: 'read', record };
}

export interface WrittenDown {
  /** Each with its file. */
  readonly records: readonly (readonly [file: string, record: InstallRecord])[];
  /** The refusal for one that can't be read, so that it does not pass for missing. */
  readonly unread: Refusal | undefined;
}

export function recordsIn(tools: Tools, directory: string): WrittenDown {
  const listed = tools.files.list(directory);
  const names = listed.kind === 'names' ? listed.names.filter((name) => name.endsWith('.json')) : [];
  const readings = [...names].sort().map((name) => {
    const file = path.join(directory, name);
    return { file, reading: readRecord(tools, file) };
  });
  return {
    records: readings.flatMap(({ file, reading }) =>
      reading.kind === 'read' && reading.record !== undefined ? [[file, reading.record] as const] : [],
    ),
    unread: readings.map(({ reading }) => reading).find((reading) => reading.kind === 'refused'),
  };
}
