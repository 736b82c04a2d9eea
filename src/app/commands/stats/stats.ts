/** `solod stats`: what daemons have done, in numbers that they keep. */

import type { DaemonNumbers } from '../../../domain/statistics/daemon-tally.js';
import type { Spread } from '../../../domain/statistics/histogram.js';
import { EXIT } from '../../environment/exit-codes.js';
import type { CommandOptions } from '../../options/option-table.js';
import { durationText } from '../../texts/duration.js';
import { USAGE } from '../../texts/usage-text.js';
import { ANSWER_MS, complain, type Parts, printAs } from '../command-parts.js';
import { factsOf, lineOf, shown, uptimeMs } from '../inspection-text.js';
import { isNamed, withAll, withNamed } from '../named-daemon.js';
import { type Asked, familiesOf } from './metric-families.js';
import { openMetricsText } from './open-metrics.js';

export class StatsCommand {
  constructor(private readonly parts: Parts) {}

  /** For one daemon, or for all in the state directory. */
  async run(service: string | undefined, options: CommandOptions): Promise<number> {
    const { output } = this.parts;
    if (options.json && options.openmetrics) return complain(output, USAGE.apart('--json', '--openmetrics'));
    if (!isNamed(service, options)) return this.#showAll(options);
    return withNamed(this.parts, service, options, async ({ label, place }) => {
      const asked = await this.#ask(label, place.directory, options);
      this.#print([asked], options, (facts) => facts[0]);
      return asked.inspection.kind === 'answered' ? EXIT.ok : EXIT.unavailable;
    });
  }

  #showAll(options: CommandOptions): Promise<number> {
    return withAll(this.parts, options, async (places) => {
      const asked = await Promise.all(
        places.map(({ label, directory }) => this.#ask(label, directory, options)),
      );
      this.#print(asked, options, (facts) => facts);
      return EXIT.ok;
    });
  }

  async #ask(label: string, directory: string, { timeoutMs = ANSWER_MS }: CommandOptions): Promise<Asked> {
    const inspection = await this.parts.inspector.inspect(directory, timeoutMs);
    return { label: inspection.kind === 'answered' ? inspection.status.name : label, inspection };
  }

  /** @param pick what `--json` prints of the list */
  #print(asked: readonly Asked[], options: CommandOptions, pick: (facts: object[]) => unknown): void {
    const { output, host } = this.parts;
    const { wallMs } = host.clock.now();
    if (options.openmetrics) {
      output.print(openMetricsText(familiesOf(asked, wallMs)));
      return;
    }
    const facts = asked.map((one) => numberFacts(one, wallMs));
    const text = asked.map((one) => `${textOf(one, wallMs)}\n`).join('');
    printAs(output, options, pick(facts), text);
  }
}

function numberFacts({ label, inspection }: Asked, wallMs: number): object {
  const facts = { ...factsOf(inspection), name: label };
  if (inspection.kind !== 'answered') return facts;
  const { status } = inspection;
  return { ...facts, uptimeMs: uptimeMs(status, wallMs), numbers: status.numbers ?? null };
}

function textOf({ label, inspection }: Asked, wallMs: number): string {
  if (inspection.kind === 'not-running') return `${label}: not running`;
  if (inspection.kind !== 'answered') return lineOf(inspection, wallMs);
  const { status } = inspection;
  const { numbers } = status;
  const { state, pid, up, memory } = shown(status, wallMs);
  const head = `${label}: ${state}, ${pid}, ${up}, ${memory}`;
  if (numbers === undefined) return `${head}; solod ${status.solod} keeps no numbers`;
  return [head, ...linesOf(numbers, status.calls)].join('\n');
}

function linesOf(numbers: DaemonNumbers, calls: number): readonly string[] {
  const { cold, warm, run, running, waiting, failed, loadMs, savedMs } = numbers;
  const saved = savedMs < 0 ? `-${durationText(-savedMs)}` : durationText(savedMs);
  const rows: readonly (readonly [string, string])[] = [
    ['calls', `${calls} (${failed} failed), ${running} running, ${waiting} waiting`],
    ['cold', spreadText(cold)],
    ['warm', spreadText(warm)],
    ['run', spreadText(run)],
    ['load', loadMs === undefined ? 'not loaded yet' : durationText(loadMs)],
    ['saved', `${saved} against running every call without a daemon`],
  ];
  return rows.map(([name, text]) => `  ${name.padEnd(6)} ${text}`);
}

function spreadText({ count, medianMs, p90Ms, maxMs }: Spread): string {
  if (medianMs === undefined || p90Ms === undefined || maxMs === undefined) return 'none';
  const [median, most, longest] = [medianMs, p90Ms, maxMs].map(durationText);
  return `${count}, median ${median}, 90 % within ${most}, longest ${longest}`;
}
