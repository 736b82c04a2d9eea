/**
 * Scenarios that every client must end alike: what was before, and what is after. They are data, in
 * `scenarios/*.json`, and run against the procedures in memory (`memory.test.ts`), the command on Node
 * (`node.test.ts`) and the native client (`native.test.ts`).
 */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export type Runner = 'memory' | 'node' | 'native';

/** Who wrote an identity down: somebody who is there, or is not, or of whom nothing can be told from here. */
export type Who =
  | 'alive'
  | 'gone'
  /** There is a process with that id, and it is another. */
  | 'another'
  | 'other-boot'
  | 'other-namespace'
  | 'no-start-time'
  | 'zombie';

/** What a daemon says to whoever greets it; after `gone` it listens no more. */
export type SaidWord =
  | 'accepted'
  | 'draining'
  | 'upgrading'
  | 'outdated'
  | 'hangs-up'
  | 'silent'
  | 'foreign'
  | 'gone'
  | { readonly declined: number; readonly message: string };

/** What lies at `current`, and who is behind it. */
export type Daemon =
  | 'nothing'
  /** `current` leads nowhere; to a file; to itself. */
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
  /** A directory with these names, and texts, in it. */
  | { readonly foreign: Readonly<Record<string, string>>; readonly ageMs: number }
  | {
      readonly holder: Who;
      readonly child?: Who;
      readonly ageMs: number;
      readonly readyMs: number;
    };

/** How the state directory, or the name's own in it, is found. */
export type DirectoryBefore = 'missing' | 'parents-missing' | 'link' | 'file' | 'below-a-file' | 'foreign';

export interface Scenario {
  readonly name: string;
  readonly command: 'call' | 'kick';
  readonly options?: readonly string[];
  /** Which runners it is not for, and why. */
  readonly not?: Partial<Readonly<Record<Runner, string>>>;
  readonly before: {
    readonly root?: DirectoryBefore | { readonly mode: number };
    readonly directory?: DirectoryBefore | { readonly mode: number };
    readonly daemon?: Daemon;
    /** Who the owner file names; a text is the file itself, `none` leaves it out. */
    readonly owner?: Who | 'none' | { readonly text: string };
    readonly lock?: LockBefore;
    /** What becomes of a process that is started; it serves, unless something is said here. */
    readonly start?: 'dies' | 'does-not-load' | 'refused';
    /** Starts of the same build that failed, in the ledger. */
    readonly failures?: { readonly times: number; readonly agoMs: number; readonly build?: 'another' };
    /** What lies at `launch`: by default what Node leaves there. */
    readonly launch?: 'missing' | 'cut-off' | 'of-another-service' | 'program-gone';
    /** A call on the file system that fails. As processes: by a limit on what may be written. */
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
    /** One line, without its end. `<dir>`, `<root>`, `<n>`, `<nonce>` and `<any>` stand for what differs. */
    readonly stderr?: string;
    /** Why processes were started. */
    readonly spawns: readonly string[];
    /** What is at the lock's name in the end. */
    readonly lock: 'none' | 'as-before' | 'not-looked-at';
    /** What else lies in the directory of the name, but for the log, the ledger and the launch file. */
    readonly entries?: readonly string[];
  };
}

const folder = path.join(import.meta.dirname, 'scenarios');

export const scenarios: readonly Scenario[] = readdirSync(folder)
  .sort()
  .flatMap((file) => JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Scenario[]);

export const scenariosFor = (runner: Runner): readonly Scenario[] =>
  scenarios.filter(({ not }) => not?.[runner] === undefined);

/** What stands for what, where it is compared. */
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
