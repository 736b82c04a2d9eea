/** `solod serve`, and what a started daemon runs: the same process, in front of a terminal or behind it. */

import { writeSync } from 'node:fs';
import { sentence } from '../../domain/failure.js';
import { exitCodeOf } from '../exit-codes.js';
import { Host } from '../host.js';
import type { QuickArguments } from '../options.js';
import { resolveService, resolveTarget } from '../target.js';
import { runDaemon } from './daemon.js';

/** @returns the exit code of a process that does not serve; one that does ends by itself */
export async function serve(
  { service, options }: QuickArguments,
  mode: 'foreground' | 'background',
): Promise<number> {
  const host = new Host();
  const file = resolveService(service);
  if (file.kind === 'failed') return refuse(file.failure);
  const target = resolveTarget({ ...options, name: options.name ?? file.value.name }, host.userId);
  if (target.kind === 'failed') return refuse(target.failure);
  const { idleTimeoutMs, graceMs } = options;
  return runDaemon(host, {
    target: target.value,
    service: file.value.path,
    idleTimeoutMs,
    graceMs,
    mode,
    say,
  });
}

function refuse(failure: Parameters<typeof sentence>[0]): number {
  say(`solod: ${sentence(failure)}`);
  return exitCodeOf(failure);
}

/** To the terminal, or to the log that was opened for a started daemon. */
function say(line: string): void {
  try {
    writeSync(2, `${line}\n`);
  } catch {
    // The terminal has gone, or the disk is full: no reason to stop serving.
  }
}
