/**
 * A worker: a process that runs the calls of a service for its daemon, one at a time. Each call has the real
 * environment, working directory, umask and descriptors of its caller.
 */

import { Writable } from 'node:stream';
import type { WorkerTether } from '../../adapters/worker-target.js';
import { daemonEnvironment } from '../../domain/place/daemon-environment.js';
import { SPEAKER } from '../../domain/text/speaker.js';
import { loadBundle } from '../environment/bundle-files.js';
import { EXIT } from '../environment/exit-codes.js';
import { freeMemorySoon, LARGE_REQUEST_BYTES } from '../environment/free-memory.js';
import { tellWhatIsMissing } from '../environment/missing-bundle.js';
import type { Service } from '../service/define-service.js';
import { loadService } from '../service/load-service.js';
import { failureOf, SHARED_PROCESS } from '../service/run-service.js';
import { ownEnvironmentOf } from '../service/service-environment.js';
import { stackOf } from '../service/thrown.js';
import { DaemonChannel, endWithDaemon } from './daemon-channel.js';
import { enterSurroundings, leaveSurroundings, setEnvironment } from './surroundings.js';
import { WorkerCall, writeOutput } from './worker-call.js';
import {
  type CallHead,
  decodeJson,
  type EndedMessage,
  FROM_WORKER,
  type Frame,
  type LoadedMessage,
  TO_WORKER,
  type ToWorker,
} from './worker-messages.js';

type CallProcesses = typeof import('../service/call-process/install.js');

const exit: (code: number) => never = process.exit.bind(process);
const residentBytes = process.memoryUsage.rss;

class Worker {
  readonly #channel = new DaemonChannel();
  readonly #processes: CallProcesses;
  #service: Service | undefined;
  #call: WorkerCall | undefined;
  #descriptors: EndedMessage['worker'] = 'free';
  #input: 'on-request' | 'on-descriptor' = 'on-request';

  /** @param file real path of the service file */
  constructor(
    private readonly file: string,
    tether: WorkerTether,
  ) {
    if (tether === 'thread') endWithDaemon();
    // Descriptors 1 and 2 are those of a call.
    for (const name of ['stdout', 'stderr'] as const)
      Object.defineProperty(process, name, { value: this.#logStream(), configurable: true });
    process.on('uncaughtException', (error) => this.#fatal('uncaught exception', error));
    process.on('unhandledRejection', (error) => this.#fatal('unhandled rejection', error));
    this.#processes = loadBundle<CallProcesses>('call-process.cjs');
    this.#processes.runOneCallAtATime({
      onInput: () => this.#readDescriptor(),
      onShared: () => {
        this.#descriptors = 'spent';
      },
    });
  }

  /** @param daemonName name of the daemon */
  async serve(daemonName: string): Promise<void> {
    const { moveToNowhere, whileLoading } = this.#processes;
    this.#channel.listen(
      (frame) => this.#take(frame),
      () => exit(EXIT.ok),
    );
    setEnvironment(daemonEnvironment(process.env, ownEnvironmentOf(this.file), '/'));
    moveToNowhere();
    const loading = await whileLoading(this.file, () => loadService(this.file, daemonName));
    if (loading.kind === 'broken') this.#tell(loading);
    else {
      this.#service = loading.service;
      const { idleTimeoutMs } = loading.service;
      this.#tell({ kind: 'loaded', idleTimeoutMs, residentBytes: residentBytes() });
    }
  }

  #tell(message: LoadedMessage): void {
    this.#channel.send(FROM_WORKER.loaded, JSON.stringify(message));
  }

  #take(frame: Frame<ToWorker>): void {
    switch (frame.kind) {
      case TO_WORKER.call:
        this.#takeCall(frame);
        return;
      case TO_WORKER.input:
        this.#call?.feed(frame.bytes);
        return;
      case TO_WORKER.inputEnd:
        this.#call?.finish();
        return;
      case TO_WORKER.cancel:
        this.#call?.cancel(decodeJson(frame));
        return;
    }
  }

  /** A call that comes after an edit is for a worker that has loaded the edited files. */
  #takeCall(frame: Frame<ToWorker>): void {
    if (this.#processes.changedFile() !== undefined) {
      this.#channel.send(FROM_WORKER.outdated);
      return;
    }
    const isLarge = frame.bytes.length >= LARGE_REQUEST_BYTES;
    void this.#run(decodeJson(frame)).then(() => {
      if (isLarge) freeMemorySoon();
    });
  }

  async #run(head: CallHead): Promise<void> {
    const { callProcess } = this.#processes;
    const isShared = this.#service?.callProcess === 'shared';
    const scope = isShared ? SHARED_PROCESS : callProcess(this.file, (line) => this.#log(line));
    const call = new WorkerCall(head, scope, this.#channel);
    this.#call = call;
    const code = await this.#perform(call, head);
    this.#call = undefined;
    leaveSurroundings(this.#processes.moveToNowhere);
    call.markEnd();
    const ended = { code, worker: this.#descriptors, residentBytes: residentBytes() };
    this.#channel.send(FROM_WORKER.ended, JSON.stringify(ended satisfies EndedMessage));
  }

  async #perform(call: WorkerCall, head: CallHead): Promise<number> {
    if (this.#service === undefined) return EXIT.software;
    try {
      enterSurroundings(head);
    } catch (error) {
      const failure = failureOf(error, head.name);
      if (failure.kind === 'failed') writeOutput(2, Buffer.from(failure.line));
      return EXIT.osError;
    }
    this.#channel.send(FROM_WORKER.begun);
    return call.perform(this.#service.run);
  }

  #readDescriptor(): void {
    if (this.#input === 'on-descriptor') return;
    this.#input = 'on-descriptor';
    this.#descriptors = 'spent';
    this.#channel.send(FROM_WORKER.descriptorInput);
  }

  #log(line: string): void {
    this.#channel.send(FROM_WORKER.said, `${line}\n`);
  }

  #logStream(): Writable {
    return new Writable({
      write: (bytes: Buffer, _encoding, done) => {
        this.#channel.send(FROM_WORKER.said, bytes);
        done();
      },
    });
  }

  /** An error outside every call: nobody can tell what else is wrong in this process. */
  #fatal(what: string, error: unknown): never {
    this.#log(`${SPEAKER}${what} in a worker: ${stackOf(error)}`);
    exit(EXIT.software);
  }
}

tellWhatIsMissing();
const [file = '', daemonName = '', tether] = process.argv.slice(2);
void new Worker(file, tether as WorkerTether).serve(daemonName);
