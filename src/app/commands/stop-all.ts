/** `solod stop --all`: asks every daemon of a state directory to end, at the same time, and says what became of each. */

import path from 'node:path';
import { CALL_TOTAL_MS } from '../../domain/lock/timing.js';
import { EXIT } from '../environment/exit-codes.js';
import type { CommandOptions } from '../options/option-table.js';
import { USAGE } from '../texts/usage-text.js';
import {
  complain,
  type Parts,
  placesOf,
  reportStop,
  type StopOutcome,
  stopDaemon,
  stopFacts,
} from './facts.js';

export class StopAllCommand {
  constructor(private readonly parts: Parts) {}

  /** @returns 0 when none of them is there any more, also where none was */
  async run(service: string | undefined, options: CommandOptions): Promise<number> {
    const { host, output } = this.parts;
    if (service !== undefined || options.name !== undefined || options.project !== undefined)
      return complain(output, USAGE.allAndOne());
    const all = await Promise.all(
      placesOf(host, options).map(({ directory }) => this.#stop(directory, options)),
    );
    if (options.json) output.print(`${JSON.stringify(all.map(factsOf))}\n`);
    const what = options.json ? 'complaints' : 'all';
    const codes = all.map(({ label, outcome }) => ({
      outcome,
      code: reportStop(output, label, outcome, what),
    }));
    // That there was none is what was asked for.
    return codes.find(({ outcome }) => !ENDED.has(outcome.kind))?.code ?? EXIT.ok;
  }

  async #stop(directory: string, options: CommandOptions): Promise<Stopped> {
    const outcome = await stopDaemon(this.parts, directory, options.timeoutMs ?? CALL_TOTAL_MS);
    return { label: path.basename(directory), directory, outcome };
  }
}

interface Stopped {
  readonly label: string;
  readonly directory: string;
  readonly outcome: StopOutcome;
}

const ENDED: ReadonlySet<StopOutcome['kind']> = new Set(['stopped', 'not-running']);

const factsOf = ({ label, directory, outcome }: Stopped): object => ({
  name: label,
  directory,
  ...stopFacts(outcome),
});
