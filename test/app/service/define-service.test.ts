import { describe, expect, it } from 'vitest';

import { defineService, readService, type ServiceReading } from '../../../src/app/service/define-service.js';

const run = async (): Promise<number> => 0;

/** The service of a module; fails the test where there is none. */
function serviceOf(reading: ServiceReading) {
  if (reading.kind !== 'service') throw new Error(reading.reason);
  return reading.service;
}

describe('a module with a service', () => {
  const plain = { name: undefined, run, idleTimeoutMs: undefined, version: undefined };
  const defined = defineService({ name: 'fmt', run, idleTimeoutMs: 60_000, version: '1.2.3' });

  it.each([
    ['an ES module', { default: run }],
    ['CommonJS, module.exports', { default: run, 'module.exports': run }],
    ['CommonJS, exports.default', { default: { default: run } }],
    ['transpiled, imported', { default: { __esModule: true, default: run }, __esModule: true }],
    ['transpiled and wrapped twice', { default: { default: { __esModule: true, default: run } } }],
  ])('exports a function: %s', (_, namespace) => {
    expect(serviceOf(readService(namespace))).toEqual(plain);
  });

  it.each([
    ['an ES module', { default: defined }],
    ['CommonJS', { default: defined, 'module.exports': defined }],
    ['transpiled', { default: { __esModule: true, default: defined } }],
  ])('exports what defineService made: %s', (_, namespace) => {
    expect(serviceOf(readService(namespace))).toBe(defined);
    expect(defined).toMatchObject({ name: 'fmt', run, idleTimeoutMs: 60_000, version: '1.2.3' });
  });

  it('may have its defineService from another copy of the package', async () => {
    const source = '../../../src/app/service/define-service.js?another-copy';
    const copy = (await import(/* @vite-ignore */ source)) as { defineService: typeof defineService };
    expect(copy.defineService).not.toBe(defineService);
    const theirs = copy.defineService({ run });
    expect(serviceOf(readService({ default: theirs }))).toBe(theirs);
  });

  it('is loaded by Node in the shapes that it gives', async () => {
    const source = 'data:text/javascript,export default async () => 3';
    const loaded: unknown = await import(/* @vite-ignore */ source);
    expect(await serviceOf(readService(loaded)).run({} as never)).toBe(3);
  });
});

describe('a module without one', () => {
  it.each([
    ['nothing', {}, 'the module has no default export'],
    ['only names', { run }, 'the module has no default export'],
    ['undefined', { default: undefined }, 'the default export is undefined'],
    ['null', { default: null }, 'the default export is null'],
    ['text', { default: 'text' }, 'the default export is a string'],
    ['an object', { default: {} }, 'the default export is an object'],
    [
      'a bare definition',
      { default: { run } },
      'the default export is an object that defineService did not make',
    ],
    ['no module', undefined, 'the module has no default export'],
  ])('says what it exports instead: %s', (_, namespace, words) => {
    expect(readService(namespace)).toEqual({ kind: 'no-service', reason: words });
  });

  it('may go on for ever', () => {
    const endless: { default?: unknown } = {};
    endless.default = endless;
    expect(readService(endless).kind).toBe('no-service');
  });
});

describe('a definition', () => {
  it.each([
    ['nothing', undefined],
    ['no function', {}],
    ['a name that is none', { run, name: 5 }],
    ['a version that is none', { run, version: 1 }],
    ['a timeout that is none', { run, idleTimeoutMs: '1s' }],
    ['a number of workers that is none', { run, workers: 1.5 }],
    ['a negative timeout', { run, idleTimeoutMs: -1 }],
    ['a process that is none', { run, callProcess: 'other' }],
    ['something to watch that is none', { run, watch: 'all' }],
    ['a timeout that is not a number', { run, idleTimeoutMs: Number.NaN }],
  ])('is refused when it is made: %s', (_, definition) => {
    expect(() => defineService(definition as never)).toThrow(/^defineService: /);
  });

  it('needs no more than its function', () => {
    expect(defineService({ run })).toMatchObject({ run, name: undefined });
    expect(defineService({ run, idleTimeoutMs: 0 }).idleTimeoutMs).toBe(0);
  });
});
