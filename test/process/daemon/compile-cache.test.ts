/** Compiled modules that a daemon leaves for the next one. */

import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { BUILD_MS, buildClient, CLIENT, hasCargo, LEFT_OUT } from '../../native/client.js';
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

describe.skipIf(!hasCargo)(`solod’s own code, kept for a daemon that is claimed natively${LEFT_OUT}`, () => {
  beforeAll(buildClient, BUILD_MS);

  const OWN = /^v\d+\.\d+\.\d+-\w+-solod-[0-9a-f]+$/;
  const kept = (box: Sandbox): string[] => releasesIn(box).filter((name) => name.includes('solod'));
  const fileOf = (box: Sandbox): string => path.join(cacheOf(box), kept(box)[0] ?? '');

  async function callNatively(box: Sandbox, service: string, ...options: string[]): Promise<void> {
    const { code, stdout, stderr } = await box.exec(CLIENT, ['call', ...options, service]);
    expect({ code, stderr, stdout: stdout.toString() }).toEqual({ code: 0, stderr: '', stdout: 'served' });
  }

  /** A sandbox whose daemon has left its code, and has ended. */
  async function afterOne(): Promise<{ readonly box: Sandbox; readonly service: string }> {
    const box = sandbox();
    const service = box.service(SERVICE);
    await callNatively(box, service);
    await eventually('the code is kept', () => kept(box).length === 1 && OWN.test(kept(box)[0] ?? ''));
    expect((await box.run(['stop', service])).code).toBe(0);
    return { box, service };
  }

  it('is one file, which nobody else can write, and which the next daemon uses as it is', async () => {
    const { box, service } = await afterOne();
    const { mode, mtimeMs, ino } = statSync(fileOf(box));
    expect(mode & 0o777).toBe(0o600);
    const old = path.join(cacheOf(box), `${process.version}-${process.arch}-solod-0`);
    writeFileSync(old, '');
    await callNatively(box, service);
    await eventually('another build’s is swept', () => !existsSync(old));
    expect(statSync(fileOf(box))).toMatchObject({ mtimeMs, ino });
  });

  it.each<[string, (file: string) => void]>([
    ['is cut off', (file) => writeFileSync(file, readFileSync(file).subarray(0, 1_000))],
    ['is empty', (file) => writeFileSync(file, '')],
    [
      'has one other byte',
      (file) => {
        const bytes = readFileSync(file);
        const at = bytes.length >> 1;
        bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
        writeFileSync(file, bytes);
      },
    ],
    ['can be written by others', (file) => chmodSync(file, 0o622)],
  ])('that %s is not used, and made anew', async (_, spoil) => {
    const { box, service } = await afterOne();
    const whole = statSync(fileOf(box)).ino;
    spoil(fileOf(box));
    await callNatively(box, service);
    await eventually('it is made anew', () => statSync(fileOf(box)).ino !== whole);
    expect(statSync(fileOf(box)).mode & 0o777).toBe(0o600);
  });

  it('is not kept if it is not wanted', async () => {
    const { box, service } = await afterOne();
    const launch = path.join(box.place(), 'launch');
    const words = readFileSync(launch, 'utf8').split('\0');
    words.splice(words.indexOf('--'), 0, '--compile-cache=off');
    writeFileSync(launch, words.join('\0'));
    writeFileSync(fileOf(box), 'spoilt');
    await callNatively(box, service);
    expect((await box.run(['stop', service])).code).toBe(0);
    expect(readFileSync(fileOf(box), 'utf8')).toBe('spoilt');
  });
});
