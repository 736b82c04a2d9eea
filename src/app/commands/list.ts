/** `solod ls`: every daemon in the state directory. */

import { EXIT } from '../environment/exit-codes.js';
import type { CommandOptions } from '../options/option-table.js';
import { ANSWER_MS, type Parts, printAs } from './command-parts.js';
import { factsOf, lineOf } from './inspection-text.js';
import { withAll } from './named-daemon.js';

export class ListCommand {
  constructor(private readonly parts: Parts) {}

  async run(options: CommandOptions): Promise<number> {
    const { host, inspector, output } = this.parts;
    const withinMs = options.timeoutMs ?? ANSWER_MS;
    return withAll(this.parts, options, async (places) => {
      const found = await Promise.all(places.map(({ directory }) => inspector.inspect(directory, withinMs)));
      const { wallMs } = host.clock.now();
      const lines = found.map((inspection) => `${lineOf(inspection, wallMs)}\n`);
      printAs(output, options, found.map(factsOf), lines.join(''));
      return EXIT.ok;
    });
  }
}
