/**
 * How many workers a service wants, read from the text of its file: the daemon itself does not load a service
 * that has workers.
 */

import { readHead } from './service-file.js';

/** `auto`: as many as there are CPUs for this process. */
export type WorkerCount = number | 'auto';

export const WORKERS_MAX = 1_000;

/** Like the version, it stands before `run`. */
const OWN_WORKERS = /\bdefineService\(\s*\{(?:(?!\brun\b)[^}]){0,2000}?\bworkers:\s*(?:(['"])auto\1|(\d+)\b)/;

/** @returns undefined if the text names none, or the file can't be read */
export function ownWorkersOf(file: string): WorkerCount | undefined {
  const found = OWN_WORKERS.exec(readHead(file)?.text ?? '');
  if (found === null) return undefined;
  const [, auto, count] = found;
  return auto === undefined ? Number(count) : 'auto';
}

export const isWorkerCount = (value: unknown): value is WorkerCount =>
  value === 'auto' || (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= WORKERS_MAX);

/** @returns 0 if calls run in the daemon's own process */
export function workersWanted(asked: WorkerCount | undefined, file: string): number {
  const count = asked ?? ownWorkersOf(file) ?? 0;
  return count === 'auto' ? process.getBuiltinModule('node:os').availableParallelism() : count;
}
