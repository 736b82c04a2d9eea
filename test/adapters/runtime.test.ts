/** What each runtime is trusted with. */

import { describe, expect, it } from 'vitest';
import { causeOf } from '../../src/adapters/errno.js';
import { runtimeOf } from '../../src/adapters/node/runtime.js';

describe('the table of runtimes', () => {
  it.each([
    [{ node: '22.0.0' }, 'node', [], []],
    [{ node: '24.3.0', bun: '1.4.5' }, 'bun', ['ECONNREFUSED'], []],
    [{ node: '24.2.0', deno: '2.9.6' }, 'deno', [], ['run', '-A']],
    [{}, 'node', [], []],
  ])('%j', (versions, name, vagueConnectCodes, runArguments) => {
    expect(runtimeOf(versions)).toMatchObject({ name, vagueConnectCodes, runArguments });
  });
});

describe('an error is the system’s', () => {
  const error = (fields: object) => Object.assign(new Error('message'), fields);

  it.each([
    [{ code: 'EEXIST', syscall: 'symlink' }],
    [{ code: 'UNKNOWN', syscall: 'open' }],
    // Deno.
    [{ code: 'EEXIST' }],
    [{ code: 'ERR_INVALID_ARG_VALUE' }],
  ])('%j', (fields) => {
    expect(causeOf(error(fields))).toEqual({ code: fields.code, message: 'message' });
  });

  it.each([[{}], [{ code: 'ERR_INVALID_ARG_TYPE' }], [{ code: 'UNKNOWN' }]])('or a bug: %j', (fields) => {
    expect(() => causeOf(error(fields))).toThrow('message');
  });
});
