/** `solod status`: how the daemon of a name is doing, or every daemon. */

import { EXIT } from '../environment/exit-codes.js';
import type { CommandOptions } from '../options/option-table.js';
import { ANSWER_MS, type Parts, printAs } from './command-parts.js';
import type { Inspection } from './daemon-inspector.js';
import { factsOf, lineOf } from './inspection-text.js';
import type { ListCommand } from './list.js';
import { isNamed, withNamed } from './named-daemon.js';

export class StatusCommand {
  constructor(
    private readonly parts: Parts,
    private readonly list: ListCommand,
  ) {}

  async run(service: string | undefined, options: CommandOptions): Promise<number> {
    if (!isNamed(service, options)) return this.list.run(options);
    const { host, inspector, output } = this.parts;
    return withNamed(this.parts, service, options, async ({ label, place }) => {
      const found = await inspector.inspect(place.directory, options.timeoutMs ?? ANSWER_MS);
      const line =
        found.kind === 'not-running' ? `${label}: not running` : lineOf(found, host.clock.now().wallMs);
      printAs(output, options, { ...factsOf(found), name: label }, `${line}\n`);
      return isUp(found) ? EXIT.ok : EXIT.unavailable;
    });
  }
}

const isUp = ({ kind }: Inspection): boolean => kind === 'answered' || kind === 'other-wire';
