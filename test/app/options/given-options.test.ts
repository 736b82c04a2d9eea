import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import * as solod from '../../../src/app/entry/index.js';
import { type OptionName, wrongOption } from '../../../src/app/options/given-options.js';

type Keys<T> = T extends unknown ? keyof T : never;
type Given =
  | solod.CallOptions
  | solod.ClaimOptions
  | solod.ClientOptions
  | solod.KickOptions
  | solod.ObtainOptions;

const stream = () => new PassThrough().resume();
const call = () => ({ service: '/nowhere/service.mjs', stdout: stream(), stderr: stream() });

/** A value of each option that can be used, and one that can't. */
const VALUES: Readonly<Record<Keys<Given>, readonly [right: unknown, wrong: unknown]>> = {
  service: ['/a', 5],
  name: ['a', 5],
  project: ['/a', null],
  stateDirectory: ['/a', 5],
  env: [{ A: 'a', B: undefined }, { A: 1 }],
  args: [['a'], ['a', 1]],
  command: [['a'], []],
  cwd: ['/a', 5],
  stdin: [stream(), 'text'],
  stdout: [stream(), 1],
  stderr: [stream(), 'inherit'],
  signal: [AbortSignal.abort(), {}],
  terminals: [[true, false, '80x24'], true],
  timing: [{ totalMs: 5 }, { totalMs: Number.NaN }],
  fallback: ['inline', 'none'],
  whenHung: ['end', true],
  greeter: [() => undefined, {}],
  listener: ['handed', 3],
  daemon: ['on', true],
  idleTimeoutMs: [0, -1],
  graceMs: [0, '5s'],
  memoryLimitBytes: [1, '1G'],
  workerHeapBytes: [1, null],
  workers: ['auto', 1.5],
  tether: [1, 'self'],
  compileCache: ['off', false],
  node: ['/usr/bin/node', 20],
  connections: [1, '1'],
  allowHalfOpen: [true, 'yes'],
};

const names = Object.keys(VALUES) as OptionName[];

describe('an option', () => {
  it.each(names)('%s is accepted if it can be used, and named if it cannot', (name) => {
    const [right, wrong] = VALUES[name];
    expect(wrongOption({ [name]: right })).toBeUndefined();
    expect(wrongOption({ [name]: wrong })?.what).toContain(`"${name}"`);
  });

  it('that names what is claimed is required', async () => {
    expect(await solod.claim({} as never)).toMatchObject({ kind: 'failed' });
  });

  it('that is required is missed', () => {
    expect(wrongOption({}, 'stdout')?.what).toContain('"stdout"');
    expect(wrongOption({ stdout: stream() }, 'stdout')).toBeUndefined();
  });
});

describe('a function of the library that is given something else', () => {
  const anything = (options: unknown) => options as never;

  it.each([undefined, null, 5, 'text'])('than an object (%s) returns a failure', async (given) => {
    const options = anything(given);
    for (const result of [
      await solod.call(options),
      await solod.obtain(options),
      await solod.connect(options),
      await solod.claim(options),
      solod.kick(options),
      await solod.createClient(options).call({ stdout: stream(), stderr: stream() }),
      await solod.createClient({ service: '/nowhere' }).call(options),
    ])
      expect(result).toMatchObject({ kind: 'failed', failure: { kind: 'invalid-request' } });
  });

  it.each(names)('for %s than it takes returns a failure', async (name) => {
    const options = anything({ ...call(), [name]: VALUES[name][1] });
    for (const result of [
      await solod.call(options),
      await solod.obtain(options),
      await solod.connect(options),
      await solod.claim(anything({ name: 'x', [name]: VALUES[name][1] })),
      solod.kick(options),
      await solod.createClient(options).call(options),
    ])
      expect(result).toMatchObject({ kind: 'failed', failure: { kind: 'invalid-request' } });
  });
});
