/** The numbers of daemons for monitoring: which metrics there are, and what each of them counts. */

import type { Spread } from '../../../domain/statistics/histogram.js';
import type { DaemonStatus } from '../../wire/daemon-status.js';
import type { Inspection } from '../daemon-inspector.js';
import { uptimeMs } from '../inspection-text.js';
import type { MetricFamily, Sample } from './open-metrics.js';

/** A daemon that was asked, by its name. */
export interface Asked {
  readonly label: string;
  readonly inspection: Inspection;
}

interface Answered {
  readonly daemon: string;
  readonly status: DaemonStatus;
}

export function familiesOf(told: readonly Asked[], wallMs: number): readonly MetricFamily[] {
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
      name: 'solod_uptime_seconds',
      type: 'gauge',
      help: 'Time since the daemon was started.',
      samples: of((status) => uptimeMs(status, wallMs) / 1_000),
    },
    {
      name: 'solod_resident_memory_bytes',
      type: 'gauge',
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
      help: 'Calls that run, and calls that wait for the service to load.',
      samples: each(({ daemon, numbers }) => [
        sample({ daemon, state: 'running' }, numbers.running),
        sample({ daemon, state: 'waiting' }, numbers.waiting),
      ]),
    },
    {
      name: 'solod_load_seconds',
      type: 'gauge',
      help: 'Time that it took to load the service.',
      samples: each(({ daemon, numbers: { loadMs } }) =>
        loadMs === undefined ? [] : [sample({ daemon }, loadMs / 1_000)],
      ),
    },
    {
      name: 'solod_call_seconds',
      type: 'summary',
      help: 'Time from the start of a call to the end of its service.',
      samples: each(({ daemon, numbers: { cold, warm } }) => [
        ...summary({ daemon, start: 'cold' }, cold),
        ...summary({ daemon, start: 'warm' }, warm),
      ]),
    },
    {
      name: 'solod_run_seconds',
      type: 'summary',
      help: 'Time that the service itself took for a call.',
      samples: each(({ daemon, numbers }) => summary({ daemon }, numbers.run)),
    },
    {
      name: 'solod_saved_seconds',
      type: 'gauge',
      help: 'Time saved against loading the service for every call.',
      samples: each(({ daemon, numbers }) => [sample({ daemon }, numbers.savedMs / 1_000)]),
    },
  ];
}

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
