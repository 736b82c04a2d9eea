/** Compiled modules that a daemon leaves for the next one. */

import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually, type Sandbox, sandbox } from '../support/sandbox.js';

const CAN = 'enableCompileCache' in process.getBuiltinModule('node:module');
const SERVICE = 'export default ({ stdout }) => void stdout.write("served");';

const cacheOf = (box: Sandbox): string => path.join(box.place(), 'compile-cache');
const releasesIn = (box: Sandbox): string[] => (existsSync(cacheOf(box)) ? readdirSync(cacheOf(box)) : []);

/** The modules that are kept, of all releases of Node. */
const keptIn = (box: Sandbox): number =>
  releasesIn(box).flatMap((release) => readdirSync(path.join(cacheOf(box), release))).length;

async function call(box: Sandbox, service: string, ...options: string[]): Promise<void> {
  const { code, stdout, stderr } = await box.run(['call', ...options, service]);
  expect({ code, stderr, stdout: stdout.toString() }).toEqual({ code: 0, stderr: '', stdout: 'served' });
}

describe('the compile cache', () => {
  it.runIf(CAN)('has the daemon’s and the service’s modules, and those of one Node alone', async () => {
    const box = sandbox();
    const service = box.service(SERVICE);
    await call(box, service);
    mkdirSync(path.join(cacheOf(box), 'v0.0.1-old'));
    await eventually('it is written', () => keptIn(box) > 1);
    await eventually('the other release is swept', () => releasesIn(box).length === 1);
    expect((await box.run(['stop', service])).code).toBe(0);
    await call(box, service);
  });

  it('is not made if it is not wanted', async () => {
    const box = sandbox();
    const service = box.service(SERVICE);
    await call(box, service, '--compile-cache=off');
    expect((await box.run(['stop', service])).code).toBe(0);
    expect(existsSync(cacheOf(box))).toBe(false);
  });

  it.skipIf(CAN)('is not there where Node has none', async () => {
    const box = sandbox();
    const service = box.service(SERVICE);
    await call(box, service);
    expect((await box.run(['stop', service])).code).toBe(0);
    expect(existsSync(cacheOf(box))).toBe(false);
  });
});
