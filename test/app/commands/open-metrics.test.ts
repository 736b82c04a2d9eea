/** OpenMetrics text with values that daemons never produce. */

import { expect, it } from 'vitest';
import { openMetricsText } from '../../../src/app/commands/stats/open-metrics.js';

it('escapes labels and help, and writes numbers as the specification demands', () => {
  const text = openMetricsText([
    { name: 'empty', type: 'gauge', help: 'Left out.', samples: [] },
    {
      ...{ name: 'odd_seconds', type: 'gauge', help: 'A "b" \\ c\nd' },
      samples: [
        { suffix: '', labels: { daemon: 'a"b\\c\nd' }, value: 1e-7 },
        { suffix: '', labels: {}, value: Number.NaN },
        { suffix: '', labels: { at: 'end' }, value: Number.POSITIVE_INFINITY },
        { suffix: '', labels: { at: 'begin' }, value: Number.NEGATIVE_INFINITY },
      ],
    },
  ]);
  expect(text.split('\n')).toEqual([
    '# TYPE odd_seconds gauge',
    '# UNIT odd_seconds seconds',
    '# HELP odd_seconds A \\"b\\" \\\\ c\\nd',
    'odd_seconds{daemon="a\\"b\\\\c\\nd"} 1e-7',
    'odd_seconds NaN',
    'odd_seconds{at="end"} +Inf',
    'odd_seconds{at="begin"} -Inf',
    '# EOF',
    '',
  ]);
});
