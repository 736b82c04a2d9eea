/** What every command works with, and how it reports. */

import type { Failure } from '../../domain/failure.js';
import { EXIT, exitCodeOf } from '../environment/exit-codes.js';
import type { CommandOptions } from '../options/option-table.js';
import type { Host } from '../platforms/host.js';
import { type Complaint, messageOf } from '../texts/complaint.js';
import { failureMessage } from '../texts/failure-sentence.js';
import type { Inspector } from './daemon-inspector.js';

export interface Output {
  /**
   * Facts, to stdout.
   * @param marks `coloured` for a text whose only control sequences are colours of solod's own
   */
  print(text: string, marks?: 'coloured'): void;
  /** One sentence with its code, to stderr. */
  complain(message: string): void;
  /** What is going on, for a person who is watching. */
  progress(line: string): void;
}

export class Parts {
  constructor(
    readonly host: Host,
    readonly inspector: Inspector,
    readonly output: Output,
  ) {}
}

/** How long a daemon may take to answer, in milliseconds, unless `--timeout` says otherwise. */
export const ANSWER_MS = 2_000;

/** Prints the facts as one line of JSON if that is wanted, else the text. */
export function printAs(
  output: Output,
  { json }: Pick<CommandOptions, 'json'>,
  facts: unknown,
  text: string,
): void {
  output.print(json ? jsonLine(facts) : text);
}

export const jsonLine = (facts: unknown): string => `${JSON.stringify(facts)}\n`;

/** Reports a failure of solod. Returns its exit code. */
export function complainOf(output: Output, failure: Failure): number {
  output.complain(failureMessage(failure));
  return exitCodeOf(failure);
}

/** Reports anything else that is wrong. Returns the exit code that is given: by default a usage mistake's. */
export function complain(output: Output, complaint: Complaint, exitCode: number = EXIT.usage): number {
  output.complain(messageOf(complaint));
  return exitCode;
}
