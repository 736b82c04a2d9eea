/** What solod runs on. */

import { describe, expect, it } from 'vitest';
import { symptomsOfRuntime } from '../../../src/domain/doctor/runtime-checks.js';
import { kinds } from './kinds.js';

describe('the runtime', () => {
  const reading = {
    platform: 'linux',
    node: '20.19.0',
    solod: '1.0.0',
    env: {},
    root: '/r',
    namedBy: 'environment',
  } as const;

  it.each([
    ['20.19.0', 'runtime'],
    ['20.18.9', 'node-too-old'],
    ['18.99.0', 'node-too-old'],
    ['22.0.0-nightly', 'runtime'],
    ['100.0.0', 'runtime'],
  ])('Node %s: %s', (node, kind) => {
    expect(kinds(symptomsOfRuntime({ ...reading, node }))).toEqual([kind]);
  });

  it.each([
    ['C:\\d', 'win32', []],
    ['C:/d', 'win32', []],
    ['\\\\server\\share', 'win32', []],
    ['C:d', 'win32', ['relative-root']],
    ['d\\e', 'win32', ['relative-root']],
    ['C:\\d', 'linux', ['relative-root']],
  ] as const)('SOLOD_DIR=%s on %s: %j', (value, platform, more) => {
    const env = { SOLOD_DIR: value };
    expect(kinds(symptomsOfRuntime({ ...reading, platform, env }))).toEqual(['runtime', ...more]);
  });

  it('relative directories are ignored, or count from the working directory; an option overrides them', () => {
    const env = { XDG_RUNTIME_DIR: 'run', XDG_STATE_HOME: '/s', SOLOD_DIR: '' };
    expect(kinds(symptomsOfRuntime({ ...reading, env }))).toEqual(['runtime', 'relative-ignored']);
    const own = { ...env, SOLOD_DIR: 'd' };
    expect(kinds(symptomsOfRuntime({ ...reading, env: own }))).toEqual(['runtime', 'relative-root']);
    expect(kinds(symptomsOfRuntime({ ...reading, env: own, namedBy: 'option' }))).toEqual(['runtime']);
  });
});
