/** Metrics as text, by the OpenMetrics 1.0 specification. Why not by a library: decision 13. */

export type MetricType = 'gauge' | 'counter' | 'summary' | 'info';

export interface Sample {
  /** What follows the family's name: `_total`, `_count`, `_sum`, `_info`; empty for most. */
  readonly suffix: '' | '_total' | '_count' | '_sum' | '_info';
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface MetricFamily {
  /** Ends with the unit, if there is one: `_seconds` or `_bytes`. */
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** A family without samples is left out. */
export function openMetricsText(families: readonly MetricFamily[]): string {
  return `${families
    .filter(({ samples }) => samples.length > 0)
    .map(familyText)
    .join('')}# EOF\n`;
}

function familyText({ name, type, help, samples }: MetricFamily): string {
  const unit = /_(seconds|bytes)$/.exec(name)?.[1];
  const lines = [
    `# TYPE ${name} ${type}`,
    ...(unit === undefined ? [] : [`# UNIT ${name} ${unit}`]),
    `# HELP ${name} ${escaped(help)}`,
    ...samples.map(
      ({ suffix, labels, value }) => `${name}${suffix}${labelsText(labels)} ${numberText(value)}`,
    ),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** The same in label values and in help: backslash, line feed, double quote. */
const escaped = (text: string): string =>
  text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/"/g, '\\"');

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
