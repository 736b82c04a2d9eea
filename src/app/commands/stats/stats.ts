/** `solod stats`: what daemons have done, in numbers that they keep themselves. */

import path from 'node:path';
import type { DaemonNumbers } from '../../../domain/statistics/daemon-tally.js';
import type { Spread } from '../../../domain/statistics/histogram.js';
import { EXIT } from '../../environment/exit-codes.js';
import type { CommandOptions } from '../../options/option-table.js';
import { durationText } from '../../texts/duration.js';
import { USAGE } from '../../texts/usage-text.js';
import type { DaemonStatus } from '../../wire/control.js';
import type { Inspection } from '../daemon-inspector.js';
import {
  ANSWER_MS,
  complain,
  complainOf,
  factsOf,
  lineOf,
  type Parts,
  placesOf,
  resolveNamed,
} from '../facts.js';
import { type MetricFamily, openMetricsText, type Sample } from './open-metrics.js';

interface Told {
  readonly label: string;
  readonly inspection: Inspection;
}

export class StatsCommand {
  constructor(private readonly parts: Parts) {}

  /** Of one daemon, or of all in the state directory. */
  async run(service: string | undefined, options: CommandOptions): Promise<number> {
    const { host, output } = this.parts;
    if (options.json && options.openmetrics) return complain(output, USAGE.apart('--json', '--openmetrics'));
    const isOne = service !== undefined || options.name !== undefined;
    if (!isOne) {
      const told = await this.#askAll(options);
      this.#print(told, options, 'list');
      return EXIT.ok;
    }
    const target = resolveNamed(host, service, options);
    if (target.kind === 'failed') return complainOf(output, target.failure);
    const { label, place } = target.value;
    const told = await this.#ask(label, place.directory, options);
    this.#print([told], options, 'one');
    return told.inspection.kind === 'answered' ? EXIT.ok : EXIT.unavailable;
  }

  #askAll(options: CommandOptions): Promise<readonly Told[]> {
    const places = placesOf(this.parts.host, options);
    return Promise.all(
      places.map(({ directory }) => this.#ask(path.basename(directory), directory, options)),
    );
  }

  async #ask(label: string, directory: string, options: CommandOptions): Promise<Told> {
    const inspection = await this.parts.inspector.inspect(directory, options.timeoutMs ?? ANSWER_MS);
    return { label: inspection.kind === 'answered' ? inspection.status.name : label, inspection };
  }

  #print(told: readonly Told[], options: CommandOptions, form: 'one' | 'list'): void {
    const { output, host } = this.parts;
    const { wallMs } = host.clock.now();
    if (options.openmetrics) output.print(openMetricsText(familiesOf(told, wallMs)));
    else if (options.json) {
      const facts = told.map((one) => numberFacts(one, wallMs));
      output.print(`${JSON.stringify(form === 'one' ? facts[0] : facts)}\n`);
    } else output.print(told.map((one) => `${textOf(one, wallMs)}\n`).join(''));
  }
}

const uptimeMs = ({ startedMs }: DaemonStatus, wallMs: number): number => Math.max(0, wallMs - startedMs);

function numberFacts({ label, inspection }: Told, wallMs: number): object {
  const facts = { ...factsOf(inspection), name: label };
  if (inspection.kind !== 'answered') return facts;
  const { status } = inspection;
  return { ...facts, uptimeMs: uptimeMs(status, wallMs), numbers: status.numbers ?? null };
}

// --- for people -------------------------------------------------------------------------------------------------------

function textOf({ label, inspection }: Told, wallMs: number): string {
  if (inspection.kind === 'not-running') return `${label}: not running`;
  if (inspection.kind !== 'answered') return lineOf(inspection, wallMs);
  const { status } = inspection;
  const { numbers } = status;
  const up = durationText(uptimeMs(status, wallMs));
  const memory = `${Math.round(status.residentBytes / 2 ** 20)} MiB`;
  const head = `${label}: ${status.state}, pid ${status.pid}, up ${up}, ${memory}`;
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

// --- for monitoring ---------------------------------------------------------------------------------------------------

interface Answered {
  readonly daemon: string;
  readonly status: DaemonStatus;
}

function familiesOf(told: readonly Told[], wallMs: number): readonly MetricFamily[] {
  const up = told.map(({ label, inspection }) =>
    sample({ daemon: label }, inspection.kind === 'answered' ? 1 : 0),
  );
  const answered = told.flatMap(({ label, inspection }): Answered[] =>
    inspection.kind === 'answered' ? [{ daemon: label, status: inspection.status }] : [],
  );
  const of = (value: (status: DaemonStatus) => number): Sample[] =>
    answered.map(({ daemon, status }) => sample({ daemon }, value(status)));
  return [
    { name: 'solod_up', type: 'gauge', help: 'Whether the daemon answers.', samples: up },
    {
      name: 'solod_daemon',
      type: 'info',
      help: 'What the daemon runs on.',
      samples: answered.map(({ daemon, status: { node, solod, version } }) =>
        sample({ daemon, node, solod, version }, 1, '_info'),
      ),
    },
    {
      ...seconds('solod_uptime_seconds', 'gauge', 'Time since the daemon was started.'),
      samples: of((status) => uptimeMs(status, wallMs) / 1_000),
    },
    {
      name: 'solod_resident_memory_bytes',
      type: 'gauge',
      unit: 'bytes',
      help: "The daemon process' resident memory.",
      samples: of(({ residentBytes }) => residentBytes),
    },
    ...numberFamilies(answered),
  ];
}

function numberFamilies(answered: readonly Answered[]): readonly MetricFamily[] {
  const kept = answered.flatMap(({ daemon, status: { calls, numbers } }) =>
    numbers === undefined ? [] : [{ daemon, calls, numbers }],
  );
  const each = (samples: (of: (typeof kept)[number]) => readonly Sample[]): Sample[] => kept.flatMap(samples);
  return [
    {
      name: 'solod_calls',
      type: 'counter',
      help: 'Calls that the daemon has taken on.',
      samples: each(({ daemon, calls }) => [sample({ daemon }, calls, '_total')]),
    },
    {
      name: 'solod_calls_failed',
      type: 'counter',
      help: 'Calls whose service threw, or returned another exit code than 0.',
      samples: each(({ daemon, numbers }) => [sample({ daemon }, numbers.failed, '_total')]),
    },
    {
      name: 'solod_queue_calls',
      type: 'gauge',
      help: 'Calls that run, and calls that wait for the service to be loaded.',
      samples: each(({ daemon, numbers }) => [
        sample({ daemon, state: 'running' }, numbers.running),
        sample({ daemon, state: 'waiting' }, numbers.waiting),
      ]),
    },
    {
      ...seconds('solod_load_seconds', 'gauge', 'Time that it took to load the service.'),
      samples: each(({ daemon, numbers: { loadMs } }) =>
        loadMs === undefined ? [] : [sample({ daemon }, loadMs / 1_000)],
      ),
    },
    {
      ...seconds('solod_call_seconds', 'summary', 'Time from the begin of a call to the end of its service.'),
      samples: each(({ daemon, numbers: { cold, warm } }) => [
        ...summary({ daemon, start: 'cold' }, cold),
        ...summary({ daemon, start: 'warm' }, warm),
      ]),
    },
    {
      ...seconds('solod_run_seconds', 'summary', 'Time that the service itself took for a call.'),
      samples: each(({ daemon, numbers }) => summary({ daemon }, numbers.run)),
    },
    {
      ...seconds('solod_saved_seconds', 'gauge', 'Time saved against loading the service for every call.'),
      samples: each(({ daemon, numbers }) => [sample({ daemon }, numbers.savedMs / 1_000)]),
    },
  ];
}

const seconds = (name: string, type: MetricFamily['type'], help: string) =>
  ({ name, type, unit: 'seconds', help }) as const;

const sample = (labels: Sample['labels'], value: number, suffix: Sample['suffix'] = ''): Sample => ({
  suffix,
  labels,
  value,
});

function summary(
  labels: Sample['labels'],
  { count, sumMs, medianMs, p90Ms, p99Ms }: Spread,
): readonly Sample[] {
  const quantiles = [
    ['0.5', medianMs],
    ['0.9', p90Ms],
    ['0.99', p99Ms],
  ] as const;
  return [
    ...quantiles.flatMap(([quantile, ms]) =>
      ms === undefined ? [] : [sample({ ...labels, quantile }, ms / 1_000)],
    ),
    sample(labels, count, '_count'),
    sample(labels, sumMs / 1_000, '_sum'),
  ];
}
