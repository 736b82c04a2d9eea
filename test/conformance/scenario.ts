/**
 * Scenarios that must end the same with every client: the state before, and the state after. They are data,
 * in `scenarios/*.json`, and run against the procedures in memory (`memory.test.ts`), the command on Node
 * (`node.test.ts`) and the native client (`native.test.ts`).
 */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export type Runner = 'memory' | 'node' | 'native';

/** Who wrote an identity: a process that lives, one that is gone, or one that can't be seen from here. */
export type Who =
  | 'alive'
  | 'gone'
  /** The process with that id is another one. */
  | 'another'
  | 'other-boot'
  | 'other-namespace'
  | 'no-start-time'
  | 'zombie';

/** What a daemon says to a client that greets it. After `gone` it no longer listens. */
export type SaidWord =
  | 'accepted'
  | 'draining'
  | 'upgrading'
  | 'outdated'
  | 'hangs-up'
  /** It says that the request is queued, and hangs up. */
  | 'queued'
  | 'silent'
  | 'foreign'
  | 'gone'
  | { readonly declined: number; readonly message: string };

/** What is at `current`, and which process is behind it. */
export type Daemon =
  | 'nothing'
  /** `current` is a dangling link; a file; a link to itself. */
  | 'dangling'
  | 'current-is-file'
  | 'current-loops'
  /**
   * A generation without a socket; with a file, or a directory, in its place; with one that nobody listens
   * on.
   */
  | 'no-socket'
  | 'socket-is-file'
  | 'socket-is-directory'
  | 'dead'
  /** It listens, and its backlog is full. */
  | 'full'
  | { readonly says: readonly [SaidWord, ...SaidWord[]] }
  /** What connect(2) answers, every time. */
  | { readonly errno: string };

export type LockBefore =
  | 'none'
  | 'empty'
  | 'dangling-link'
  | { readonly file: { readonly ageMs: number } }
  /** A directory with files of these names and texts. */
  | { readonly foreign: Readonly<Record<string, string>>; readonly ageMs: number }
  | {
      readonly holder: Who;
      readonly child?: Who;
      readonly ageMs: number;
      readonly readyMs: number;
    };

/** The state before of the state directory, or of the name's directory in it. */
export type DirectoryBefore = 'missing' | 'parents-missing' | 'link' | 'file' | 'below-a-file' | 'foreign';

export interface Scenario {
  readonly name: string;
  readonly command: 'call' | 'kick';
  readonly options?: readonly string[];
  /** The runners that leave it out, and why. */
  readonly not?: Partial<Readonly<Record<Runner, string>>>;
  readonly before: {
    readonly root?: DirectoryBefore | { readonly mode: number };
    readonly directory?: DirectoryBefore | { readonly mode: number };
    readonly daemon?: Daemon;
    /** The process that the owner file names. A text is the whole file; `none` leaves the file out. */
    readonly owner?: Who | 'none' | { readonly text: string };
    readonly lock?: LockBefore;
    /** What a started process does. By default it serves. */
    readonly start?: 'dies' | 'does-not-load' | 'refused';
    /** Failed starts of the same build in the ledger. */
    readonly failures?: { readonly times: number; readonly agoMs: number; readonly build?: 'another' };
    /** The file `launch`: by default what Node leaves there. */
    readonly launch?: 'missing' | 'cut-off' | 'of-another-service' | 'program-gone';
    /** A file system call that fails. Real processes get a limit on the size of files. */
    readonly fault?: {
      readonly method: 'createFile' | 'rename' | 'removeFile' | 'makeDirectory' | 'inspect';
      readonly code: string;
      readonly matching: string;
      readonly times?: number;
    };
  };
  readonly after: {
    readonly outcome: string;
    readonly exit: number;
    /** One line, without its end. `<dir>`, `<root>`, `<n>`, `<nonce>` and `<any>` replace what differs. */
    readonly stderr?: string;
    /** The reason of each start. */
    readonly spawns: readonly string[];
    /** What is at the lock's path in the end. */
    readonly lock: 'none' | 'as-before' | 'not-looked-at';
    /** Other entries in the name's directory, without the log, the ledger and the launch file. */
    readonly entries?: readonly string[];
  };
}

const folder = path.join(import.meta.dirname, 'scenarios');

export const scenarios: readonly Scenario[] = readdirSync(folder)
  .sort()
  .flatMap((file) => JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Scenario[]);

export const scenariosFor = (runner: Runner): readonly Scenario[] =>
  scenarios.filter(({ not }) => not?.[runner] === undefined);

/** The placeholders, and what each matches. */
const STAND_INS: Readonly<Record<string, string>> = {
  n: '[0-9]+(?:\\.[0-9]+)?',
  nonce: '[0-9]+-[0-9a-z-]+',
  any: '[\\s\\S]*',
};

export function stderrPattern(expected: string | undefined, root: string, directory: string): RegExp {
  if (expected === undefined) return /^$/;
  const text = expected.replaceAll('<dir>', directory).replaceAll('<root>', root);
  const escaped = text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const pattern = escaped.replace(/<(n|nonce|any)>/g, (_, name: string) => STAND_INS[name] ?? '');
  return new RegExp(`^solod: ${pattern}\\n$`);
}

export const timeoutOf = ({ options = [] }: Scenario): number | undefined => {
  const at = options.indexOf('--timeout');
  return at < 0 ? undefined : Number.parseInt(options[at + 1] ?? '', 10);
};
