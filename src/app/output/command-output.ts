/**
 * Where commands print: facts to stdout, sentences to stderr. No control character reaches a terminal raw.
 */

import { causeOfStream } from '../../adapters/errno.js';
import { withoutCode } from '../../domain/text/error-code.js';
import { printable } from '../../domain/text/printable.js';
import { exitCodeOfOutput } from '../environment/exit-codes.js';
import { StandardOutput } from '../environment/sync-stdout.js';
import { isTerminal } from '../environment/terminals.js';
import { messageOf } from '../texts/complaint.js';
import { TROUBLE } from '../texts/runtime-text.js';
import { say } from '../texts/stderr.js';

export class CommandOutput {
  readonly #stdout = new StandardOutput(1);
  readonly #stderr = new StandardOutput(2);
  #error: Error | undefined;
  #complaint: string | undefined;
  #hasPrinted = false;

  /** @param form for programs, a failure is a fact as well: one line of JSON if nothing else was printed */
  constructor(readonly form: 'json' | 'text' = 'text') {
    this.#stdout.on('error', (error) => {
      this.#error ??= error;
    });
    // There is nowhere left to say so.
    this.#stderr.on('error', () => {});
  }

  /**
   * Facts, to stdout.
   * @param marks `coloured` for a text whose only control sequences are colours of solod's own
   */
  print(text: string, marks?: 'coloured'): void {
    this.#hasPrinted = true;
    this.#stdout.write(marks === undefined ? printable(text) : text);
  }

  /** One sentence with its code, to stderr. */
  complain(message: string): void {
    this.#complaint = message;
    say(message);
  }

  /** Text about a command line, which may have several lines. */
  explain(text: string): void {
    this.#stderr.write(printable(text));
  }

  /** What is going on, for a person who is watching. */
  progress(line: string): void {
    if (isTerminal(2)) this.explain(`${line}\n`);
  }

  /**
   * Waits until everything is written.
   * @param exitCode the command's own
   * @returns the exit code of a failed output, if it failed; else the command's own
   */
  async settle(exitCode: number): Promise<number> {
    if (exitCode !== 0 && this.form === 'json' && !this.#hasPrinted) this.#printFailure(exitCode);
    await new Promise((resolve) => this.#stdout.write('', resolve));
    const error = this.#error;
    if (error === undefined) return exitCode;
    const cause = causeOfStream(error);
    if (cause.code !== 'EPIPE') say(messageOf(TROUBLE.stream('stdout', cause)));
    return exitCodeOfOutput(cause);
  }

  #printFailure(exit: number): void {
    const facts = { kind: 'failed', ...withoutCode(this.#complaint ?? ''), exit };
    this.print(`${JSON.stringify(facts)}\n`);
  }
}
