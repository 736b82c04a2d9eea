/**
 * The Node platform, wired by hand: the one file of the application that makes Node's adapters.
 *
 * The hot path (a call, a kick, a started daemon, the library) takes its host from here and never loads the
 * container: inversify takes longer to load than a warm call to run. For the same reason there are several
 * functions and not one: esbuild leaves out of a bundle what it does not use. The container binds the very
 * same host (`entry/composition.ts`).
 */

import type { Socket } from 'node:net';
import { nodeClock } from '../../adapters/node/clock.js';
import { copyFile } from '../../adapters/node/files/copied-file.js';
import { nodeDocuments } from '../../adapters/node/files/documents.js';
import { nodeFileSystem } from '../../adapters/node/files/file-system.js';
import { nodeWitness } from '../../adapters/node/files/held-files.js';
import { leaveLaunchFile } from '../../adapters/node/files/launch-file.js';
import { nodeLedger } from '../../adapters/node/files/ledger-file.js';
import { LogKeeper } from '../../adapters/node/logs/log-keeper.js';
import { LogReader } from '../../adapters/node/logs/log-reader.js';
import { kickByClient } from '../../adapters/node/native-kick.js';
import { readMachine, readScope } from '../../adapters/node/processes/own-scope.js';
import { NodeProcessTable } from '../../adapters/node/processes/process-table.js';
import { nodeProcessWork } from '../../adapters/node/processes/process-work.js';
import { NodeSpawner } from '../../adapters/node/processes/spawner.js';
import { NodeStartChannel } from '../../adapters/node/processes/start-channel.js';
import {
  cleaners,
  networkNamespaceOf,
  sightProcess,
  storageOf,
  tryAppend,
} from '../../adapters/node/processes/system-facts.js';
import { NodeUpstreamProcesses } from '../../adapters/node/processes/upstream-process.js';
import { NodeWorkerStarter } from '../../adapters/node/processes/worker-process.js';
import { RUNTIME } from '../../adapters/node/runtime.js';
import { bindOnce } from '../../adapters/node/sockets/bind-once.js';
import { type Handed, HandedListener } from '../../adapters/node/sockets/handed-listener.js';
import { NodeListener } from '../../adapters/node/sockets/listener.js';
import { NodeSocketProbe } from '../../adapters/node/sockets/socket-probe.js';
import { trySocket } from '../../adapters/node/sockets/try-socket.js';
import type { HandListener } from '../../adapters/spawn-target.js';
import type { WorkerTarget } from '../../adapters/worker-target.js';
import { layout, nonceOf } from '../../domain/place/layout.js';
import type { UpstreamProcesses } from '../../ports/upstream-process.js';
import type { WorkerStarter } from '../../ports/worker-process.js';
import { daemonFile, loadBesideDaemon, loadBundle } from '../environment/bundle-files.js';
import { homeDirectory, platformOf, realPath, workingDirectory } from '../environment/state-root.js';
import { isStillThere } from '../service/same-service-file.js';
import { resolveService } from '../service/service-file.js';
import { say } from '../texts/stderr.js';
import type { CallerHost, CommonHost, DaemonHost, Host, LibraryHost } from './host.js';

export { nodeClock } from '../../adapters/node/clock.js';
export { readerHasLeft } from '../../adapters/node/files/output-reader.js';
export { HANDED, WON } from '../../adapters/node/processes/handed-start.js';
export {
  closeDescriptor,
  closeInheritedDescriptors,
  isOwnSocket,
} from '../../adapters/node/processes/inherited-descriptors.js';
export { setBackInherited, setBackPriority } from '../../adapters/node/processes/inherited-priority.js';
export { ignoredSignals } from '../../adapters/node/processes/inherited-signals.js';
export { readScope } from '../../adapters/node/processes/own-scope.js';
export { groupResidentBytes, residentBytes } from '../../adapters/node/processes/process-memory.js';
export {
  type ForegroundEnd,
  runInForeground,
  runOnTrial,
  runToEnd,
} from '../../adapters/node/processes/spawner.js';
export { descriptorOf } from '../../adapters/node/sockets/descriptor.js';
export { boundPathOf, type HandedListener } from '../../adapters/node/sockets/handed-listener.js';

type Given<H> = Partial<H>;

/** Random: two processes of one id, in two namespaces, may share a state directory. */
const nonce = (): string => nonceOf(process.pid, Math.random().toString(36).slice(2, 10).padEnd(8, '0'));

function commonHost(given: Given<CommonHost<Socket>>): CommonHost<Socket> {
  const { processes = new NodeProcessTable() } = given;
  const platform = platformOf();
  return {
    clock: nodeClock,
    files: nodeFileSystem(),
    processes,
    witness: nodeWitness(process.platform),
    platform: platform ?? 'linux',
    unsupported: platform === undefined ? process.platform : undefined,
    userId: process.getuid?.() ?? 0,
    env: process.env,
    directory: workingDirectory,
    home: homeDirectory,
    realPath,
    scope: readScope,
    machine: readMachine,
    copyFile,
    nonce,
    probe: (greeter, opened) => new NodeSocketProbe(greeter, opened),
    ledger: (directory) => nodeLedger(directory, processes),
    held: (ports) => ports,
    ...ofThisSystem(),
    ...given,
  };
}

/** What Windows has otherwise. Other systems don't load it. */
const ofThisSystem = () =>
  process.platform === 'win32'
    ? loadBundle<typeof import('./windows-platform.js')>('windows.cjs').windowsParts()
    : {};

/** For Node's own spawner: a given one starts programs that claim their names. */
const handListener: HandListener = (start) =>
  loadBesideDaemon<typeof import('../../adapters/node/processes/handed-start.js')>(
    'handed-start.cjs',
  ).handListener(start);

const callerParts = ({ processes, clock }: CommonHost, given: Given<CallerHost<Socket>>) =>
  ({
    node: process.execPath,
    runArguments: RUNTIME.runArguments,
    daemonProgram: daemonFile,
    spawner: (target) => new NodeSpawner(target, processes, clock),
    handListener: given.spawner === undefined ? handListener : undefined,
    findService: resolveService,
    work: nodeProcessWork,
    bindOnce,
    warn: say,
  }) satisfies Partial<CallerHost>;

const daemonParts = () =>
  ({
    program: process.argv[1] ?? '',
    listener: (options) => new NodeListener(options),
    startChannel: () => new NodeStartChannel(process.env),
  }) satisfies Partial<DaemonHost<Socket>>;

const watchLog = (directory: string): void =>
  LogKeeper.watch({ directory, temporary: () => layout.private(directory, nonce()) });

/** Leaves what started this process, for clients that are not Node. */
export const leaveOwnCommand = (directory: string): void =>
  leaveLaunchFile(directory, [process.execPath, ...RUNTIME.runArguments, ...process.argv.slice(1)]);

/** Keeps the log of a daemon in service within bounds. Undefined if its output goes elsewhere. */
export const keepLog = (directory: string, host: CommonHost): LogKeeper | undefined =>
  LogKeeper.attach({ directory, temporary: () => layout.private(directory, host.nonce()) });

/** Starts the servers of `solod share`. */
export const upstreamProcesses = ({ processes }: CommonHost): UpstreamProcesses =>
  new NodeUpstreamProcesses(processes);

/** Starts the processes that run calls of a daemon, on the runtime of this one. */
export const workerStarter = (target: WorkerTarget): WorkerStarter => new NodeWorkerStarter(target);

/** The runtime of this process, as a command line that a program is added to. */
export const ownRuntime = (): readonly [string, ...string[]] => [process.execPath, ...RUNTIME.runArguments];

/** In what steps this runtime tells when a file was changed, in milliseconds. */
export const changeStepMs = (): number => RUNTIME.changeStepMs;

export const handedListener = (handed: Handed): HandedListener => new HandedListener(handed);

/** For a process that calls a daemon, or starts one. */
export function callerHost(): CallerHost<Socket> {
  const common = commonHost({});
  return { ...callerParts(common, {}), ...common };
}

/** For a process that serves a name. */
export function daemonHost(): DaemonHost<Socket> {
  return { ...daemonParts(), ...commonHost({}) };
}

/** @param given adapters to be used in place of Node's */
export function libraryHost(given: Given<LibraryHost<Socket>> = {}): LibraryHost<Socket> {
  const common = commonHost(given);
  // What another finder finds need not be a file.
  const finder = given.findService === undefined ? { isStillThere } : {};
  return {
    ...callerParts(common, given),
    ...daemonParts(),
    ...kickParts(given),
    ...finder,
    watchLog,
    ...common,
  };
}

/** What a kick asks of this machine itself: the native client, and a socket, know Node's adapters alone. */
function kickParts(given: object): Partial<CallerHost> {
  if (RUNTIME.name !== 'node' || process.platform === 'win32' || Object.keys(given).length > 0) return {};
  return process.platform === 'linux' ? { trySocket, kickByClient } : { trySocket };
}

export function nodeHost(): Host<Socket> {
  const logReader = (directory: string): LogReader => new LogReader(directory);
  const system = { cleaners, networkNamespaceOf, sightProcess, storageOf, tryAppend };
  return { ...libraryHost(), documents: nodeDocuments(), system, logReader };
}
