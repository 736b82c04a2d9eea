/**
 * `solod share install` and `uninstall`: the servers of a host's settings file, shared from now on, or not
 * any more.
 */

import path from 'node:path';
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';
import { nonceOf } from '../../../domain/place/layout.js';
import { causeIn, type NoSuccess } from '../../../domain/procedure/cause.js';
import type { Document, Documents } from '../../../ports/documents.js';
import type { FileSystem } from '../../../ports/file-system.js';
import { EXIT } from '../../environment/exit-codes.js';
import { nodeHost } from '../../platforms/node-platform.js';
import { messageOf } from '../../texts/complaint.js';
import { lastingCommand } from '../tried-client.js';
import {
  formatOf,
  putShareIn,
  type SettingsEditing,
  type ShareCommand,
  takeShareOut,
} from './share-settings.js';
import { SHARE_TROUBLE } from './share-text.js';

export interface InstallRequest {
  readonly act: 'install' | 'uninstall';
  readonly file: string;
  readonly mode: 'do' | 'dry-run';
  readonly form: 'json' | 'text';
}

export interface InstallSurroundings {
  readonly documents: Documents;
  readonly files: FileSystem;
  readonly nonce: () => string;
  /** What is written into the settings. */
  readonly own: ShareCommand;
  readonly print: (text: string) => void;
  readonly complain: (sentence: string) => void;
}

/** How often a file is read anew that somebody else has written to meanwhile. */
const TRIES = 3;

/** With absolute paths: hosts with windows know no PATH of a shell. */
export const nodeSurroundings = (
  print: (text: string) => void,
  complain: (sentence: string) => void,
): InstallSurroundings => ({
  documents: nodeHost().documents,
  files: nodeHost().files,
  nonce: () => nonceOf(process.pid, Math.random().toString(36).slice(2, 10)),
  own: ownCommand(),
  print,
  complain,
});

function ownCommand(): ShareCommand {
  const [program, ...args] = lastingCommand();
  return { program, args };
}

/** @returns the exit code */
export function installShare(request: InstallRequest, surroundings: InstallSurroundings): number {
  for (let round = 0; round < TRIES; round++) {
    const outcome = tryOnce(request, surroundings);
    if (outcome !== 'changed-meanwhile') return outcome;
  }
  surroundings.complain(messageOf(SHARE_TROUBLE.keptChanging(request.file)));
  return EXIT.tempFail;
}

function tryOnce(request: InstallRequest, surroundings: InstallSurroundings): number | 'changed-meanwhile' {
  const { documents, complain } = surroundings;
  const found = documents.resolve(request.file);
  if (found.kind !== 'path') {
    complain(messageOf(SHARE_TROUBLE.notRead(request.file, causeIn(found))));
    return EXIT.noInput;
  }
  const reading = documents.read(found.path);
  if (reading.kind !== 'document') {
    complain(messageOf(SHARE_TROUBLE.notRead(request.file, causeIn(reading))));
    return EXIT.noInput;
  }
  const { document } = reading;
  const edited = editIn(document.text, request, surroundings.own);
  if (edited.kind === 'unreadable') {
    complain(messageOf(SHARE_TROUBLE.notJson(request.file, edited.line)));
    return EXIT.unusableData;
  }
  if (request.mode === 'do' && edited.servers.length > 0) {
    const written = rewrite(found.path, document, edited.text, surroundings);
    if (written !== 'written') return written;
  }
  report(request, document.text, edited, surroundings);
  return EXIT.ok;
}

const editIn = (text: string, { act, file }: InstallRequest, own: ShareCommand): SettingsEditing =>
  act === 'install' ? putShareIn(text, formatOf(file), own) : takeShareOut(text, formatOf(file));

/** Beside it, and then in its place: a reader finds the old text or the new one. */
function rewrite(
  file: string,
  before: Document,
  text: string,
  { documents, files, nonce, complain }: InstallSurroundings,
): 'written' | 'changed-meanwhile' | number {
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${nonce()}`);
  const fail = (reading: NoSuccess): number => {
    complain(messageOf(SHARE_TROUBLE.notWritten(file, causeIn(reading))));
    return EXIT.cantCreate;
  };
  const made = documents.create(temporary, { ...before, text });
  if (made.kind !== 'done') return fail(made);
  const now = documents.read(file);
  const isSame = now.kind === 'document' && now.document.text === before.text;
  const replaced = isSame ? documents.replace(temporary, file) : undefined;
  if (replaced?.kind === 'done') return 'written';
  files.removeFile(temporary);
  return replaced === undefined ? 'changed-meanwhile' : fail(replaced);
}

function report(
  { act, file, mode, form }: InstallRequest,
  before: string,
  { servers, text }: Extract<SettingsEditing, { kind: 'edited' }>,
  { print }: InstallSurroundings,
): void {
  const patch = createTwoFilesPatch(file, file, before, text, undefined, undefined, {
    headerOptions: FILE_HEADERS_ONLY,
  });
  if (form === 'json') {
    const shown = mode === 'dry-run' ? { patch } : {};
    print(`${JSON.stringify({ kind: mode === 'dry-run' ? 'dry-run' : act, file, servers, ...shown })}\n`);
  } else if (servers.length === 0) print(mode === 'do' ? 'nothing to change\n' : 'nothing would change\n');
  else if (mode === 'dry-run') print(patch);
  else print(`${file}: ${servers.join(', ')} ${act === 'install' ? 'shared' : 'not shared any more'}\n`);
}
