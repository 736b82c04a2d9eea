/** The process of one call, as its service sees it: environment, directory, exit code, events, console. */

import { Console } from 'node:console';
import { EventEmitter } from 'node:events';
import { CLIENT_VARIABLES } from '../../environment/client-variables.js';
import type { ServiceContext, ServiceInput, ServiceOutput } from '../define-service.js';
import { type CallScope, failureOf, type ReadyCall, resultOf, type ServiceResult } from '../run-service.js';
import { stackOf } from '../thrown.js';
import { currentView, type ProcessView, runIn, type Variables } from './call-context.js';
import { takeUnseenExitCode } from './exit-code.js';

/** Thrown by `process.exit`, which must not return. Nobody is told of it. */
export class CallExit extends Error {
  override readonly name = 'CallExit';
}

/**
 * How long a call waits for output of a child that has ended: one of that child's own children may hold its
 * pipe.
 */
const CHILD_OUTPUT_MS = 1_000;
/** One of these is what the caller died of. Which one, it did not say. */
const SIGNALS_OF_CALLERS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A child process, running or ended. */
interface Child {
  readonly exitCode: number | null;
  readonly signalCode: string | null;
}

let running = 0;

/** The call that the running code belongs to. */
export function currentCall(): CallProcess | undefined {
  const view = currentView();
  return view instanceof CallProcess ? view : undefined;
}

export class CallProcess implements CallScope, ProcessView {
  exitCode: number | string | null | undefined;
  title: string | undefined;
  #state: 'new' | 'running' | 'exiting' | 'over' = 'new';
  #call: ReadyCall | undefined;
  #resolve: (result: ServiceResult) => void = () => {};
  #env: Variables | undefined;
  #argv: string[] | undefined;
  #directory: string | undefined;
  #isCancelled = false;
  #hasWarned = false;
  #console: Console | undefined;
  #events: EventEmitter | undefined;
  readonly #forwards: { readonly child: Child; readonly sent: Promise<void> }[] = [];

  /**
   * @param file the service file
   * @param late takes errors when the caller can't take them any more; absent where nobody wants to know
   */
  constructor(
    private readonly file: string,
    private readonly late: ((line: string) => void) | undefined,
  ) {}

  // --- what the service sees ---

  get #context(): ServiceContext {
    if (this.#call === undefined) throw new Error('the call has not begun');
    return this.#call.context;
  }

  get env(): Variables {
    if (this.#env === undefined) {
      this.#env = Object.create(null) as Variables;
      for (const [name, value] of Object.entries(this.#context.env))
        if (value !== undefined && !CLIENT_VARIABLES.test(name)) this.#env[name] = value;
    }
    return this.#env;
  }

  set env(env: Variables) {
    this.#env = env;
  }

  get argv(): string[] {
    this.#argv ??= [process.execPath, this.file, ...this.#context.args];
    return this.#argv;
  }

  set argv(argv: string[]) {
    this.#argv = argv;
  }

  get directory(): string {
    return this.#directory ?? this.#context.cwd;
  }

  set directory(directory: string) {
    this.#directory = directory;
  }

  get stdin(): ServiceInput {
    return this.#context.stdin;
  }

  get stdout(): ServiceOutput {
    return this.#context.stdout;
  }

  get stderr(): ServiceOutput {
    return this.#context.stderr;
  }

  isTerminal(descriptor: number): boolean {
    const streams = ['stdin', 'stdout', 'stderr'] as const;
    const stream = streams[descriptor];
    return stream !== undefined && this[stream].isTTY === true;
  }

  get console(): Console {
    this.#console ??= new Console({ stdout: this.stdout, stderr: this.stderr });
    return this.#console;
  }

  /** What `process.on` and its like mean. */
  get events(): EventEmitter {
    this.#events ??= new EventEmitter();
    return this.#events;
  }

  get isOver(): boolean {
    return this.#state === 'over';
  }

  /** `process.exit`: ends this call, and no other. What follows in the service runs into an exception. */
  exit(code?: number | string | null): never {
    if (code !== undefined && code !== null) this.exitCode = code;
    if (this.#state === 'running') this.#leaveWith({ kind: 'returned', code: this.#code(0) });
    throw new CallExit('process.exit() has ended this call');
  }

  /** The same without the handlers of `exit`, as a signal does it. */
  kill(code: number): void {
    this.#events?.removeAllListeners('exit');
    this.exitCode = code;
    if (this.#state === 'running') this.#leaveWith({ kind: 'returned', code });
  }

  /** An error that nobody caught ends this call, and no other. */
  uncaught(
    error: unknown,
    origin: 'uncaughtException' | 'unhandledRejection',
    promise?: Promise<unknown>,
  ): void {
    if (error instanceof CallExit) return;
    if (this.#state !== 'running' || this.#isCancelled) {
      const { late } = this;
      this.leave(() => late?.(`an error was left behind by a call: ${stackOf(error)}`));
    }
    if (this.#state !== 'running') return;
    const hears = (event: string): boolean => (this.#events?.listenerCount(event) ?? 0) > 0;
    if (origin === 'unhandledRejection' && hears(origin))
      this.enter(() => this.events.emit(origin, error, promise));
    else if (hears('uncaughtException'))
      this.enter(() => this.events.emit('uncaughtException', error, origin));
    else this.#leaveWith(failureOf(error, this.#call?.name ?? ''));
  }

  /** The caller has its answer: the log is left, if there is one. */
  printLate(print: () => void): void {
    if (this.late !== undefined) this.leave(print);
  }

  /** In the words of Node, which prints warnings to descriptor 2 itself. */
  warn(warning: Error & { readonly code?: unknown; readonly detail?: unknown }): void {
    const isDeprecation = warning.name === 'DeprecationWarning';
    if (this.isOver || (isDeprecation && process.noDeprecation)) return;
    const flag = isDeprecation ? '--trace-deprecation' : '--trace-warnings';
    const code = typeof warning.code === 'string' ? `[${warning.code}] ` : '';
    const lines = [
      `(node:${process.pid}) ${code}${String(warning)}`,
      ...(typeof warning.detail === 'string' ? [warning.detail] : []),
      ...(this.#hasWarned ? [] : [`(Use \`node ${flag} ...\` to show where the warning was created)`]),
    ];
    this.#hasWarned = true;
    this.stderr.write(`${lines.join('\n')}\n`);
  }

  /** A child that was given a stream of this process: what it writes goes to the caller. */
  forward(child: Child, source: NodeJS.ReadableStream, to: 'stdout' | 'stderr'): void {
    const sent = this.#call?.forward(source, to);
    if (sent !== undefined) this.#forwards.push({ child, sent });
  }

  // --- how it is run ---

  run(call: ReadyCall): Promise<ServiceResult> {
    this.#call = call;
    this.#state = 'running';
    running += 1;
    return new Promise((resolve) => {
      this.#resolve = resolve;
      void runIn(this, () => this.#drive(call));
    });
  }

  enter(act: () => void): void {
    runIn(this, () => {
      try {
        act();
      } catch (error) {
        this.uncaught(error, 'uncaughtException');
      }
    });
  }

  leave<T>(act: () => T): T {
    return runIn(undefined, act);
  }

  cancel(): void {
    this.#isCancelled = true;
    const signal = SIGNALS_OF_CALLERS.find((name) => (this.#events?.listenerCount(name) ?? 0) > 0);
    if (signal !== undefined) this.enter(() => this.events.emit(signal, signal));
  }

  async #drive({ service, context, name }: ReadyCall): Promise<void> {
    try {
      const returned: unknown = await service(context);
      if (this.#state !== 'running') return;
      // Still the call's own time: a handler may print, set the exit code, or exit.
      this.#events?.emit('beforeExit', this.#code(0));
      this.#leaveWith(resultOf(returned ?? this.#code(0), name));
    } catch (thrown) {
      this.uncaught(thrown, 'uncaughtException');
    }
  }

  /** As after a function that returned nothing. */
  #code(otherwise: number): number {
    const unseen = takeUnseenExitCode(running);
    if (unseen !== undefined) this.exitCode ??= unseen;
    return this.exitCode === undefined || this.exitCode === null ? otherwise : Number(this.exitCode) & 0xff;
  }

  #leaveWith(result: ServiceResult): void {
    this.#state = 'exiting';
    running -= 1;
    const ended = this.#tellExit(result);
    this.#call?.seal();
    this.#state = 'over';
    const resolve = this.#resolve;
    this.leave(() => void this.#childOutput().then(() => resolve(ended)));
  }

  /** Handlers of `exit` may still change the exit code. */
  #tellExit(result: ServiceResult): ServiceResult {
    if (this.#events === undefined) return result;
    const code = result.kind === 'returned' ? result.code : 1;
    this.exitCode = code;
    this.enter(() => this.#events?.emit('exit', code));
    return result.kind === 'returned' ? { kind: 'returned', code: this.#code(code) } : result;
  }

  /**
   * A process that has ended has left its output where it was told to. Through a pipe, that takes a moment.
   */
  async #childOutput(): Promise<void> {
    const ended = this.#forwards.filter(({ child }) => child.exitCode !== null || child.signalCode !== null);
    if (ended.length === 0) return;
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CHILD_OUTPUT_MS);
    });
    await Promise.race([Promise.all(ended.map(({ sent }) => sent)), enough]);
    clearTimeout(timer);
  }
}
