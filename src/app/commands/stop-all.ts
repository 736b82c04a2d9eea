/** `solod stop --all`: asks every daemon of a state directory to end, all at the same time. */

import { CALL_TOTAL_MS } from '../../domain/lock/timing.js';
import { EXIT } from '../environment/exit-codes.js';
import type { CommandOptions } from '../options/option-table.js';
import { USAGE } from '../texts/usage-text.js';
import { complain, jsonLine, type Parts } from './command-parts.js';
import type { NamedPlace } from './find-names.js';
import { isNamed, withAll } from './named-daemon.js';
import { reportStop, type StopOutcome, stopDaemon, stopFacts } from './stop.js';

interface Stopped {
  readonly label: string;
  readonly directory: string;
  readonly outcome: StopOutcome;
}

export class StopAllCommand {
  constructor(private readonly parts: Parts) {}

  /** @returns 0 if none is left, also if there was none; else the exit code for the first that is left */
  async run(service: string | undefined, options: CommandOptions): Promise<number> {
    if (isNamed(service, options) || options.project !== undefined)
      return complain(this.parts.output, USAGE.allAndOne());
    return withAll(this.parts, options, (places) => this.#stopAll(places, options));
  }

  async #stopAll(places: readonly NamedPlace[], options: CommandOptions): Promise<number> {
    const { output } = this.parts;
    const all = await Promise.all(places.map((place) => this.#stop(place, options)));
    if (options.json) output.print(jsonLine(all.map(factsOf)));
    const codes = all.map(({ label, outcome }) => {
      const code = reportStop(this.parts, label, outcome, options);
      return outcome.kind === 'not-running' ? EXIT.ok : code;
    });
    return codes.find((code) => code !== EXIT.ok) ?? EXIT.ok;
  }

  async #stop(
    { label, directory }: NamedPlace,
    { timeoutMs = CALL_TOTAL_MS }: CommandOptions,
  ): Promise<Stopped> {
    return { label, directory, outcome: await stopDaemon(this.parts, directory, timeoutMs) };
  }
}

const factsOf = ({ label, directory, outcome }: Stopped): object => ({
  name: label,
  directory,
  ...stopFacts(outcome),
});
