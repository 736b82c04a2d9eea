/** The ledger of starts on disk. Whatever goes wrong with the file is ignored: a ledger stops no start. */

import { closeSync, writeSync } from 'node:fs';
import { join, NAMES } from '../../../domain/place/layout.js';
import { Ledger, type LedgerLines } from '../../ledger.js';
import type { Processes } from '../../own-processes.js';
import { readOwners } from '../../owners.js';
import { openToAppend, rotate, tailOf } from './appended-file.js';
import { nodeFileSystem } from './file-system.js';

export const LEDGER_BYTES_MAX = 256 * 1024;
/** How much of its end is read for the latest starts. */
export const READ_BYTES = 64 * 1024;

/** @param directory directory of a name */
export const nodeLedger = (directory: string, processes: Processes): Ledger =>
  new Ledger(linesIn(join(directory, NAMES.spawns), join(directory, NAMES.spawnsBefore)), processes, () =>
    readOwners(nodeFileSystem(), directory),
  );

function linesIn(path: string, before: string): LedgerLines {
  return {
    path,
    append: (text) => appendLine(path, before, text),
    recent: () => tailOf(path, 0, READ_BYTES),
    all: () => [before, path].map((file) => tailOf(file, 0, 2 * LEDGER_BYTES_MAX)).join('\n'),
  };
}

function appendLine(path: string, before: string, text: string): void {
  try {
    rotate(path, before, LEDGER_BYTES_MAX);
    const descriptor = openToAppend(path);
    try {
      writeSync(descriptor, text);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // The disk is full, the directory is gone, or something else has that name.
  }
}
