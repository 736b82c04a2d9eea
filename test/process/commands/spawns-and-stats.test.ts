/** `solod spawns` and `solod stats`: starts and calls, reported for people and for programs. */

import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { tagsIn } from '../../support/markup.js';
import { eventually, type Sandbox, sandbox } from '../support/sandbox.js';

const text = async (box: Sandbox, ...args: string[]): Promise<string> =>
  (await box.run(args)).stdout.toString();
const json = async (box: Sandbox, ...args: string[]) => JSON.parse(await text(box, ...args, '--json'));

const BROKEN = "throw new Error('no <such> luck');";

async function brokenTwice(box: Sandbox, service: string): Promise<void> {
  for (let round = 0; round < 2; round++) {
    expect((await box.run(['call', service])).code).toBe(70);
    await eventually('its end', () => box.daemons().length === 0);
  }
}

describe('solod spawns', () => {
  it('shows each start with its reason, its asker, and its end', async () => {
    const box = sandbox();
    const service = box.service();
    await box.run(['call', service]);
    await box.run(['stop', service]);
    await box.run(['call', service]);
    const [first = '', second = '', verdict = ''] = (await text(box, 'spawns', service)).split('\n');
    expect(first).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} {2}\d+ {2}cold, by solod\.cjs \(\d+\): claimed generation 1 after .+, ready after .+, after .+ ended: asked to$/,
    );
    expect(second).toMatch(
      /dead-daemon, by .*: claimed generation 2 after .+, ready after .+, serving for .+$/,
    );
    expect(verdict).toMatch(/^echo-\w+: the next start is not held back$/);
    const facts = await json(box, 'spawns', service);
    expect(facts).toMatchObject({
      name: path.basename(box.place()),
      directory: box.place(),
      starts: [
        { reason: 'cold', outcome: { kind: 'ended', why: 'asked to' } },
        { reason: 'dead-daemon', pid: box.daemons()[0], outcome: { kind: 'open', phase: 'serving' } },
      ],
      refused: [],
      verdict: { kind: 'allowed' },
    });
  });

  it('says how long a start is held back, and why; a changed file is not held back', async () => {
    const box = sandbox();
    const service = box.service(BROKEN);
    await brokenTwice(box, service);
    // After two failures the hold lasts five seconds, which a busy machine may need. After ten it lasts a
    // minute.
    const ledger = path.join(box.place(), 'spawns.jsonl');
    const twice = readFileSync(ledger, 'utf8');
    for (let n = 1; n <= 4; n++)
      appendFileSync(
        ledger,
        twice.replace(/"pid":(\d+)/g, (_, pid) => `"pid":${Number(pid) + n * 10_000_000}`),
      );
    const held = await json(box, 'spawns', service);
    expect(held.verdict).toMatchObject({ kind: 'held-back', failures: 10 });
    expect(held.starts[0].outcome).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('no <such> luck'),
    });
    expect(await text(box, 'spawns', service)).toMatch(
      /the next start is held back until \d\d:\d\d:\d\d\.\d{3} \(.+\), because 10 failed in a row; the last one with: .*no <such> luck\n$/,
    );
    // The name alone means the latest start.
    expect((await json(box, 'spawns', '--name', path.basename(box.place()))).verdict.kind).toBe('held-back');
    writeFileSync(service, `${BROKEN}\n`);
    expect((await json(box, 'spawns', service)).verdict).toEqual({ kind: 'allowed' });
  });

  it('shows a killed process as gone without a report', async () => {
    const box = sandbox();
    const service = box.service();
    await box.run(['call', service]);
    const [pid = 0] = box.daemons();
    process.kill(pid, 'SIGKILL');
    await eventually('its end', () => box.daemons().length === 0);
    expect((await json(box, 'spawns', service)).starts[0]).toMatchObject({ pid, outcome: { kind: 'gone' } });
  });

  it('reads the previous ledger as well, and skips bad lines', async () => {
    const box = sandbox();
    const service = box.service();
    await box.run(['call', service]);
    await box.run(['stop', service]);
    const ledger = path.join(box.place(), 'spawns.jsonl');
    renameSync(ledger, `${ledger}.1`);
    appendFileSync(`${ledger}.1`, '{"atMs":1,"pid":');
    writeFileSync(
      ledger,
      '\0\0\n[]\n{"atMs":9e15,"pid":0,"kind":"refused","by":1,"asker":"lint","reason":"cold","message":"EAGAIN"}\n',
    );
    await box.run(['call', service]);
    const { starts, refused } = await json(box, 'spawns', service);
    expect(starts.map(({ words }: { words: unknown[] }) => words.length)).toEqual([3, 2]);
    expect(refused).toMatchObject([{ message: 'EAGAIN' }]);
    expect(await text(box, 'spawns', service)).toContain(
      'cold, by lint (1): no process could be started: EAGAIN',
    );
  });

  it('draws a timeline: well-formed, one lane per process, in light and dark', async () => {
    const box = sandbox();
    const service = box.service(BROKEN);
    await brokenTwice(box, service);
    const file = path.join(box.path, 'starts.svg');
    expect(await text(box, 'spawns', service, '--svg', file)).toBe(`wrote ${file}\n`);
    const svg = readFileSync(file, 'utf8');
    expect(tagsIn(svg)).toBe('balanced');
    // Two; on a busy machine a start may take longer than it may, and is tried again.
    expect(box.spawns().length).toBeGreaterThanOrEqual(2);
    expect(svg.match(/<g>/g)).toHaveLength(box.spawns().length);
    expect(svg).toContain('prefers-color-scheme: dark');
    expect(svg).toContain('no &lt;such&gt; luck');
    expect(svg).toMatch(/cold, by solod\.cjs/);
    expect(svg.match(/\d\d:\d\d:\d\d\.\d{3}<\/text>/g)?.length).toBeGreaterThanOrEqual(2);
    expect(await text(box, 'spawns', service, '--svg', '-')).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
    const unwritable = await box.run(['spawns', service, '--svg', path.join(box.path, 'no', 'where.svg')]);
    expect([unwritable.code, unwritable.stderr]).toEqual([
      73,
      expect.stringMatching(/^solod: .*where\.svg can't be written/),
    ]);
  });

  it('says so if nothing is recorded', async () => {
    const box = sandbox();
    const ended = await box.run(['spawns', box.service()]);
    expect([ended.code, ended.stdout.toString()]).toEqual([69, '']);
    expect(ended.stderr).toMatch(/^solod: no start of echo-\w+ is recorded/);
  });
});

const WORKER = `
  import { existsSync } from 'node:fs';
  await new Promise((resolve) => setTimeout(resolve, 60));
  export default async ({ args: [how, file], stdout }) => {
    if (how === 'wait') { stdout.write('begun'); while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 5)); }
    if (how === 'throw') throw new Error('on purpose');
    return how === 'code' ? 7 : 0;
  };
`;

describe('solod stats', () => {
  it('counts cold and warm calls, failures, running calls, and the time saved', async () => {
    const box = sandbox();
    const service = box.service(WORKER);
    expect((await box.run(['call', service])).code).toBe(0);
    for (const how of ['', 'throw', 'code']) await box.run(['call', service, '--', how]);
    const go = path.join(box.path, 'go');
    const waiting = box.start(['call', service, '--', 'wait', go]);
    await new Promise((resolve) => waiting.stdout?.once('data', resolve));
    const { numbers, ...facts } = await json(box, 'stats', service);
    expect(facts).toMatchObject({ kind: 'answered', pid: box.daemons()[0], calls: 5, inFlight: 1 });
    expect(facts.uptimeMs).toBeGreaterThan(0);
    expect(numbers).toMatchObject({
      ...{ running: 1, waiting: 0, failed: 2 },
      ...{ cold: { count: 1 }, warm: { count: 3 }, run: { count: 4 } },
    });
    // The load alone takes 60 ms: a cold call waits for it, and every call without a daemon would.
    expect(numbers.loadMs).toBeGreaterThan(50);
    expect(numbers.cold.medianMs).toBeGreaterThan(numbers.loadMs);
    expect(numbers.savedMs).toBeCloseTo(
      4 * numbers.loadMs + numbers.run.sumMs - numbers.cold.sumMs - numbers.warm.sumMs,
      6,
    );
    const said = await text(box, 'stats', service);
    expect(said).toMatch(
      /: ready, pid \d+, up .+, \d+ MiB\n {2}calls {2}5 \(2 failed\), 1 running, 0 waiting\n/,
    );
    expect(said).toMatch(
      / {2}cold {3}1, median .+\n {2}warm {3}3, median .+\n {2}run {4}4, .+\n {2}load {3}.+\n {2}saved {2}.+\n$/,
    );
    expect(await json(box, 'status', service)).not.toHaveProperty('numbers');
    writeFileSync(go, '');
  });

  it('counts calls that wait for a service that still loads', async () => {
    const box = sandbox();
    const go = path.join(box.path, 'go');
    const service = box.service(`
      import { existsSync } from 'node:fs';
      while (!existsSync(${JSON.stringify(go)})) await new Promise((resolve) => setTimeout(resolve, 5));
      export default () => 0;
    `);
    const calls = box.all(3, () => ['call', service, '--timeout', '30s']);
    await eventually('three wait', async () => (await json(box, 'stats', service)).numbers?.waiting === 3);
    expect(await text(box, 'stats', service)).toMatch(
      /0 running, 3 waiting\n {2}cold {3}none\n[\s\S]*not loaded yet/,
    );
    writeFileSync(go, '');
    expect((await calls).map(({ code }) => code)).toEqual([0, 0, 0]);
    const { numbers } = await json(box, 'stats', service);
    expect(numbers).toMatchObject({ waiting: 0, cold: { count: 3 }, warm: { count: 0 } });
  });

  it('prints the statistics of all daemons as OpenMetrics text', async () => {
    const box = sandbox();
    await box.run(['call', box.service(), '--name', 'one']);
    await box.run(['call', box.service(), '--name', 'two']);
    await box.run(['stop', '--name', 'two']);
    const { code, stdout, stderr } = await box.run(['stats', '--openmetrics']);
    expect([code, stderr]).toEqual([0, '']);
    const samples = samplesOf(stdout.toString());
    expect(samples.get('solod_up{daemon="one"}')).toBe(1);
    expect(samples.get('solod_up{daemon="two"}')).toBe(0);
    expect(samples.get('solod_calls_total{daemon="one"}')).toBe(1);
    expect(samples.get('solod_call_seconds_count{daemon="one",start="cold"}')).toBe(1);
    expect(samples.get('solod_queue_calls{daemon="one",state="running"}')).toBe(0);
    expect(samples.get('solod_resident_memory_bytes{daemon="one"}')).toBeGreaterThan(2 ** 20);
    expect([...samples.keys()].filter((name) => name.includes('two'))).toEqual(['solod_up{daemon="two"}']);
  });

  it.each([
    [['stats', 'SERVICE'], 69, /^echo-\w+: not running\n$/, /^$/],
    [
      ['stats', 'SERVICE', '--openmetrics'],
      69,
      /^# TYPE solod_up gauge\n# HELP .*\nsolod_up\{.*\} 0\n# EOF\n$/,
      /^$/,
    ],
    [['stats', '--openmetrics'], 0, /^# EOF\n$/, /^$/],
    [
      ['stats', 'SERVICE', '--json', '--openmetrics'],
      64,
      /^\{"kind":"failed",.*"code":"SOLOD_E_USAGE_APART","exit":64\}\n$/,
      /^solod: .*give one of them \[SOLOD_E_USAGE_APART\]\n$/,
    ],
  ])('%j', async (args, code, stdout, stderr) => {
    const box = sandbox();
    const service = box.service();
    const ended = await box.run(args.map((arg) => (arg === 'SERVICE' ? service : arg)));
    expect(ended.code).toBe(code);
    expect(ended.stdout.toString()).toMatch(stdout);
    expect(ended.stderr).toMatch(stderr);
  });
});

/** Checks a text against the rules of the OpenMetrics 1.0 ABNF that are used here. */
function samplesOf(metrics: string): Map<string, number> {
  const samples = new Map<string, number>();
  let [family, type] = ['', ''];
  const seen = new Set<string>();
  const lines = metrics.split('\n');
  expect(lines.slice(-2)).toEqual(['# EOF', '']);
  for (const line of lines.slice(0, -2)) {
    const meta = /^# (TYPE|UNIT|HELP) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/.exec(line);
    if (meta?.[1] === 'TYPE') {
      [family, type] = [meta[2] ?? '', meta[3] ?? ''];
      expect(seen.has(family)).toBe(false);
      seen.add(family);
      expect(['gauge', 'counter', 'summary', 'info']).toContain(type);
      continue;
    }
    if (meta !== null) {
      expect(meta[2]).toBe(family);
      if (meta[1] === 'UNIT') expect(family.endsWith(`_${meta[3]}`)).toBe(true);
      continue;
    }
    const sample =
      /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*\})? (-?\d+(?:\.\d+)?(?:e[-+]\d+)?)$/.exec(
        line,
      );
    expect(sample, line).not.toBeNull();
    const suffixes: Record<string, string[]> = {
      counter: ['_total'],
      info: ['_info'],
      gauge: [''],
      summary: ['', '_count', '_sum'],
    };
    expect(suffixes[type]?.map((suffix) => family + suffix)).toContain(sample?.[1]);
    const key = `${sample?.[1]}${sample?.[2] ?? ''}`;
    expect(samples.has(key)).toBe(false);
    samples.set(key, Number(sample?.[3]));
  }
  return samples;
}
