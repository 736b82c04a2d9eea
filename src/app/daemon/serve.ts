/** `solod serve`, and what a started daemon runs: the same process, in front of a terminal or behind it. */

import { writeSync } from 'node:fs';
import { closeInheritedDescriptors } from '../../adapters/node/processes/inherited-descriptors.js';
import { setBackInherited } from '../../adapters/node/processes/inherited-priority.js';
import type { Identity } from '../../domain/evidence/identity.js';
import { printable } from '../../domain/text/printable.js';
import { EXIT, exitCodeOf } from '../environment/exit-codes.js';
import { Host } from '../environment/node-host.js';
import { resolveTarget } from '../library/daemon-target.js';
import { StartReport } from '../library/start-report.js';
import { type QuickArguments, readQuickly } from '../options/option-table.js';
import { resolveService } from '../service/service-file.js';
import { sentence } from '../texts/failure-text.js';
import { refusingByLine } from '../texts/refused-call.js';
import { runDaemon } from './claim-and-serve.js';
import { deferToSupervisor } from './defer-to-manager.js';
import { takeHandedListener } from './handed-socket.js';
import { Supervisor } from './service-manager.js';

type Mode = 'foreground' | 'background';

/**
 * @param argv what follows the command's name
 * @returns the exit code of a process that does not serve, for one that does ends by itself; undefined where that can't be read
 */
export function serve(argv: readonly string[], mode: Mode): Promise<number> | undefined {
  const quick = readQuickly('serve', argv);
  return (
    quick &&
    refusingByLine(
      (line) => say(`solod: ${line}`),
      () => serveService(quick, mode),
    )
  );
}

async function serveService({ service, options }: QuickArguments, mode: Mode): Promise<number> {
  const host = new Host();
  const file = resolveService(service);
  if (file.kind === 'failed') return refuse(file.failure);
  const target = resolveTarget({ ...options, name: options.name ?? file.value.name }, host.userId);
  if (target.kind === 'failed') return refuse(target.failure);
  const report = new StartReport(host, target.value.place.directory);
  if (mode === 'background') {
    closeInheritedDescriptors(report.descriptor);
    for (const line of setBackInherited()) say(`solod: ${line}`);
  }
  const supervisor = Supervisor.take(process.env, say);
  const handed = takeHandedListener(process.env, target.value.place.directory);
  if (handed.kind === 'failed') return refuse(handed.failure);
  if (handed.value === undefined) {
    const deferring = await deferToSupervisor(host, target.value, file.value.path);
    if (deferring.kind === 'deferred') {
      report.say({ kind: 'gave-way', generation: deferring.generation });
      return deferred(target.value.label, deferring.listener, mode);
    }
  }
  const { idleTimeoutMs, graceMs, memoryLimitBytes } = options;
  const { edition } = file.value;
  const tether = options.tether === undefined ? undefined : identityOf(host, options.tether);
  const settings = {
    target: target.value,
    edition,
    idleTimeoutMs,
    graceMs,
    memoryLimitBytes,
    tether,
    mode,
    say,
    supervisor,
    handed: handed.value,
  };
  return runDaemon(host, settings, report);
}

/** As it is now. One that is gone already has an identity that nobody has. */
function identityOf(host: Host, pid: number): Identity {
  const seen = host.processes.lookUp(pid);
  return { ...host.processes.self(), pid, startTime: seen.kind === 'present' ? seen.startTime : 'gone' };
}

function deferred(label: string, listener: string, mode: Mode): number {
  if (mode === 'foreground') say(`solod: ${label} is left to the supervisor that listens on ${listener}`);
  return EXIT.ok;
}

function refuse(failure: Parameters<typeof sentence>[0]): number {
  say(`solod: ${sentence(failure)}`);
  return exitCodeOf(failure);
}

/** To the terminal, or to the log that was opened for a started daemon. */
function say(line: string): void {
  try {
    writeSync(2, `${printable(line)}\n`);
  } catch {
    // The terminal has gone, or the disk is full: no reason to stop serving.
  }
}
