/** Where the whole command writes: facts to stdout, sentences to stderr, nothing of which a terminal would obey. */

import { printable } from '../../domain/text/printable.js';
import type { Output } from '../commands/facts.js';
import { exitCodeOfOutput } from '../environment/exit-codes.js';
import { StandardOutput } from '../environment/sync-stdout.js';
import { isTerminal } from '../environment/terminals.js';
import { TROUBLE, textOf } from '../texts/failure-text.js';
import { say } from '../texts/stderr.js';
import { causeOfStream } from '../wire/caller-streams.js';

export class CommandOutput implements Output {
  readonly #stdout = new StandardOutput(1);
  readonly #stderr = new StandardOutput(2);
  #error: Error | undefined;

  constructor() {
    this.#stdout.on('error', (error) => {
      this.#error ??= error;
    });
    // Nobody is there to be told.
    this.#stderr.on('error', () => {});
  }

  print(text: string): void {
    this.#stdout.write(printable(text));
  }

  complain(sentence: string): void {
    say(sentence);
  }

  /** What is said of a command line, several lines of it. */
  explain(text: string): void {
    this.#stderr.write(printable(text));
  }

  progress(line: string): void {
    if (isTerminal(2)) this.explain(`${line}\n`);
  }

  /**
   * Waits until everything is written.
   * @param exitCode the command's own
   * @returns that of an output that failed instead, if it did: what was not written was not done
   */
  async settle(exitCode: number): Promise<number> {
    await new Promise((resolve) => this.#stdout.write('', resolve));
    const error = this.#error;
    if (error === undefined) return exitCode;
    const cause = causeOfStream(error);
    if (cause.code !== 'EPIPE') say(textOf(TROUBLE.stream('stdout', cause)));
    return exitCodeOfOutput(cause);
  }
}
