/**
 * What the programs that run JavaScript as Node does can be trusted with. A row says what was seen of that
 * program: Bun 1.4.5 and Deno 2.9.6 on Linux 6.18.
 */

export interface Runtime {
  readonly name: 'node' | 'bun' | 'deno';
  /** Codes of connect(2) that it reports for other errors too. */
  readonly vagueConnectCodes: readonly string[];
  /** What its unlink(2) does with an empty directory. */
  readonly unlinkOfDirectory: 'refuses' | 'removes';
  /** What stands before the path of a program that it is to run. */
  readonly runArguments: readonly string[];
  /** Whether a replaced `_write` of `process.stdout` sees what is printed. */
  readonly printing: 'by-stream' | 'past-stream';
  /** In what steps it tells when a file was changed, in milliseconds; 0 for those of the system. */
  readonly changeStepMs: number;
  /** Whether a process that it starts gets all of the pipes that a worker needs. */
  readonly workers: 'run' | 'fail';
}

const NODE: Runtime = {
  name: 'node',
  vagueConnectCodes: [],
  unlinkOfDirectory: 'refuses',
  runArguments: [],
  printing: 'by-stream',
  changeStepMs: 0,
  workers: 'run',
};

/** ECONNREFUSED also for EAGAIN (a full backlog), EMFILE, ENOTDIR, ELOOP and EPROTOTYPE. */
const BUN: Runtime = {
  ...NODE,
  name: 'bun',
  vagueConnectCodes: ['ECONNREFUSED'],
  printing: 'past-stream',
  workers: 'fail',
};

/** Its permissions are asked for on its own command line. */
const DENO: Runtime = {
  ...NODE,
  name: 'deno',
  unlinkOfDirectory: 'removes',
  runArguments: ['run', '-A'],
  printing: 'past-stream',
  changeStepMs: 1_000,
  workers: 'fail',
};

/** The one that runs this process; Node for one that the table does not have. */
export function runtimeOf({ bun, deno }: Readonly<Record<string, string | undefined>>): Runtime {
  if (bun !== undefined) return BUN;
  return deno === undefined ? NODE : DENO;
}

/** By this mark, a bundle that does not use it goes without it. */
export const RUNTIME: Runtime = /* @__PURE__ */ (() => runtimeOf(process.versions))();
