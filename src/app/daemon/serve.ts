/** `solod serve`, and the process of a started daemon: the same, in the foreground or in the background. */

import type { Identity } from '../../domain/evidence/identity.js';
import { loadBundle } from '../environment/bundle-files.js';
import { EXIT, exitCodeOf } from '../environment/exit-codes.js';
import { settledTarget } from '../library/daemon-target.js';
import { StartReport } from '../library/start-report.js';
import { isProgram } from '../options/program-arguments.js';
import { readServiceArguments, readWritten, type ServiceArguments } from '../options/read-options.js';
import type { DaemonHost } from '../platforms/host.js';
import {
  closeInheritedDescriptors,
  daemonHost,
  ignoredSignals,
  setBackInherited,
} from '../platforms/node-platform.js';
import { resolveService } from '../service/service-file.js';
import { workersWanted } from '../service/worker-count.js';
import { failureMessage } from '../texts/failure-sentence.js';
import { refusingByLine } from '../texts/refused-call.js';
import { say } from '../texts/stderr.js';
import { runDaemon } from './claim-and-serve.js';
import { deferToSupervisor } from './defer-to-manager.js';
import { takeHandedListener } from './handed-socket.js';
import { Supervisor } from './service-manager.js';
import { takeClaim } from './start/claimed-before.js';
import type { KeptCode } from './start/kept-code.js';

type Mode = 'foreground' | 'background';

/**
 * @param argv what follows the command's name
 * @param code what of solod this process has compiled, if a later one can use it
 * @returns exit code if this process does not become the daemon; undefined if argv is invalid
 */
export function serve(argv: readonly string[], mode: Mode, code?: KeptCode): Promise<number> | undefined {
  const asked =
    (mode === 'background' ? readWritten(argv) : undefined) ?? readServiceArguments('serve', argv);
  if (asked === undefined) return undefined;
  // A started daemon's command line always means a service file.
  return mode === 'foreground' && isProgram(argv, asked)
    ? serveProgram(argv)
    : refusingByLine(say, () => serveService(asked, mode, code));
}

const serveProgram = (argv: readonly string[]): Promise<number> =>
  loadBundle<typeof import('../programs/programs.js')>('programs.cjs').serveProgram(argv);

async function serveService(
  { service, options }: ServiceArguments,
  mode: Mode,
  code: KeptCode | undefined,
): Promise<number> {
  const host = daemonHost();
  const file = resolveService(service);
  if (file.kind === 'failed') return refuse(file.failure);
  const target = settledTarget({ ...options, name: options.name ?? file.value.name }, host);
  if (target.kind === 'failed') return refuse(target.failure);
  const report = new StartReport(host, target.value.place.directory);
  const claimed = takeClaim(host, target.value.place.directory);
  if (mode === 'background') {
    // The native client has seen to it before it claimed.
    if (claimed === undefined) closeInheritedDescriptors(report.descriptor);
    for (const line of setBackInherited()) say(line);
  }
  const supervisor = Supervisor.take(host.env, say);
  const handed = takeHandedListener(host.env, target.value.place.directory);
  if (handed.kind === 'failed') return refuse(handed.failure);
  if (handed.value === undefined && claimed === undefined) {
    const deferring = await deferToSupervisor(host, target.value, file.value.path);
    if (deferring.kind === 'deferred') {
      report.say({ kind: 'gave-way', generation: deferring.generation });
      return deferred(target.value.label, deferring.listener, mode);
    }
  }
  const { idleTimeoutMs, graceMs, memoryLimitBytes, workerHeapBytes, compileCache } = options;
  const { edition } = file.value;
  const tether = options.tether === undefined ? undefined : identityOf(host, options.tether);
  const settings = {
    target: target.value,
    edition,
    idleTimeoutMs,
    graceMs,
    memoryLimitBytes,
    workers: workersWanted(options.workers, file.value.path),
    workerHeapBytes,
    compileCache,
    code,
    tether,
    mode,
    ignored: mode === 'foreground' ? ignoredSignals() : [],
    say,
    supervisor,
    handed: handed.value,
  };
  return runDaemon(host, settings, report, claimed);
}

/** Identity of a process as it is now. One that is gone gets an identity that no process has. */
function identityOf(host: DaemonHost, pid: number): Identity {
  const seen = host.processes.lookUp(pid);
  return { ...host.processes.self(), pid, startTime: seen.kind === 'present' ? seen.startTime : 'gone' };
}

function deferred(label: string, listener: string, mode: Mode): number {
  if (mode === 'foreground') say(`${label} is left to the supervisor that listens on ${listener}`);
  return EXIT.ok;
}

function refuse(failure: Parameters<typeof failureMessage>[0]): number {
  say(failureMessage(failure));
  return exitCodeOf(failure);
}
