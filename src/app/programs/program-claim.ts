/**
 * Claims a name for a program that knows nothing of solod: see `handed-start.ts`. This process is a child of
 * the one that becomes the program, and its exit code tells whether that may.
 */

import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { LOCK_VARIABLE } from '../../adapters/spawn-target.js';
import type { Identity } from '../../domain/evidence/identity.js';
import type { TerminationSignal } from '../../ports/process-table.js';
import { EXIT, exitCodeOf } from '../environment/exit-codes.js';
import { tellWhatIsMissing } from '../environment/missing-bundle.js';
import { claimTarget } from '../library/claim-name.js';
import { settledTarget, type Target } from '../library/daemon-target.js';
import type { DaemonHost } from '../platforms/host.js';
import { lookingAtProcess } from '../platforms/look-at-process.js';
import {
  daemonHost,
  HANDED,
  handedListener,
  leaveOwnCommand,
  setBackPriority,
  WON,
} from '../platforms/node-platform.js';
import { StartReport } from '../platforms/start-report.js';
import { failureMessage } from '../texts/failure-sentence.js';
import { say } from '../texts/stderr.js';

const TEXT = { type: 'string' } as const;

async function claimForParent(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: { name: TEXT, project: TEXT, 'state-dir': TEXT, cwd: TEXT },
    allowPositionals: true,
  });
  const own = daemonHost();
  const socket = own.env[HANDED.socket];
  if (socket === undefined || own.env[HANDED.pid] !== String(process.ppid)) {
    say('only a starting program is claimed for: run "solod serve --name <name> -- <program>"');
    return EXIT.usage;
  }
  const host = forParent(own, process.ppid);
  const { name = '', project, 'state-dir': stateDirectory } = values;
  const target = settledTarget({ name, project, stateDirectory }, host);
  if (target.kind === 'failed') return refuse(target.failure);
  for (const line of setBackPriority(process.ppid)) say(line);
  const code = await claim(host, target.value, { socket, service: positionals.join(' ') });
  // Its other name is enough, or nobody needs it.
  host.files.removeTree(dirname(socket));
  // The parent has ended meanwhile: the listener ends with this process, and the name is free.
  return isParent(host) ? code : EXIT.tempFail;
}

interface Claim {
  readonly socket: string;
  /** The program's command line, for people. */
  readonly service: string;
}

async function claim(host: DaemonHost, target: Target, { socket, service }: Claim): Promise<number> {
  const report = new StartReport(host, target.place.directory);
  // One in the foreground has no lock, and is not started again in the background.
  const isStarted = host.env[LOCK_VARIABLE] !== undefined;
  const listener = handedListener({ descriptor: undefined, path: socket });
  const handed = {
    listen: (path: string) => listener.listen(path),
    close: () => listener.close(),
    serve: () => {},
    probing: () => lookingAtProcess(host, host.probe(), 'process'),
  };
  const claiming = { service, handed, handedBy: 'solod' } as const;
  const result = await claimTarget(host as Parameters<typeof claimTarget>[0], target, claiming, report);
  switch (result.kind) {
    case 'claimed':
      // What the program still has to load nobody can see.
      report.say({ kind: 'ready' });
      // A kick does not wait until it is known that its program serves.
      if (isStarted) leaveOwnCommand(target.place.directory);
      return WON;
    case 'gave-way':
      say(`${target.label} is served by generation ${result.generation} in ${target.place.directory}`);
      return result.doubt === undefined ? EXIT.ok : EXIT.tempFail;
    case 'failed':
      return refuse(result.failure);
  }
}

function refuse(failure: Parameters<typeof failureMessage>[0]): number {
  say(failureMessage(failure));
  return exitCodeOf(failure);
}

const isParent = (host: DaemonHost): boolean => process.ppid === host.processes.self().pid;

/** The same host, but it speaks for the parent: in the owner file, and in the ledger. */
function forParent<H extends DaemonHost>(own: H, pid: number): H {
  const seen = own.processes.lookUp(pid);
  const startTime = seen.kind === 'present' ? seen.startTime : '';
  const self: Identity = { ...own.processes.self(), pid, startTime };
  const processes = {
    self: () => self,
    lookUp: (other: number) => own.processes.lookUp(other),
    signal: (other: number, signal: TerminationSignal) => own.processes.signal(other, signal),
    ancestors: () => own.processes.ancestors(),
  };
  return { ...own, processes };
}

tellWhatIsMissing();
void claimForParent(process.argv.slice(2)).then((code) => process.exit(code));
