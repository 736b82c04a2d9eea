/** The client for the other processor, built and run here where a toolchain and an emulator are. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { has, ROOT, sandbox } from '../process/support/sandbox.js';
import { BUILD_MS } from './client.js';

interface Toolchains {
  crossToolchain(processor: string): { readonly triple: string } | undefined;
}
const file = pathToFileURL(path.join(ROOT, 'scripts/rust-toolchain.mjs')).href;
const { crossToolchain }: Toolchains = await import(file);

/** Machine: `e_machine` of elf(5). */
const OTHERS = {
  x64: { name: 'x64', machine: 62, emulator: 'qemu-x86_64-static' },
  arm64: { name: 'arm64', machine: 183, emulator: 'qemu-aarch64-static' },
} as const;
const OTHER = process.arch === 'arm64' ? OTHERS.x64 : OTHERS.arm64;

const toolchain = process.platform === 'linux' ? crossToolchain(OTHER.name) : undefined;
const noToolchain = toolchain === undefined ? ` (skipped: no toolchain for ${OTHER.name})` : '';
const noEmulator = has(OTHER.emulator) ? '' : ` (skipped: no ${OTHER.emulator})`;

const CLIENT = path.join(ROOT, `native/target/${toolchain?.triple}/release/solod-client`);
const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };

/** Types of program headers that need a dynamic linker: PT_DYNAMIC, PT_INTERP. */
const DYNAMIC = [2, 3];

/** Reads a 64-bit little-endian file of elf(5). */
function readElf(bytes: Buffer): { machine: number; segments: number[] } {
  const first = Number(bytes.readBigUInt64LE(32));
  const size = bytes.readUInt16LE(54);
  const segments = Array.from({ length: bytes.readUInt16LE(56) }, (_, n) =>
    bytes.readUInt32LE(first + n * size),
  );
  return { machine: bytes.readUInt16LE(18), segments };
}

/** Its path, for a caller without a PATH. */
const emulator = (): string =>
  execFileSync('sh', ['-c', `command -v ${OTHER.emulator}`], { encoding: 'utf8' }).trim();

describe.skipIf(noToolchain !== '')(`the client for ${OTHER.name}${noToolchain}`, () => {
  beforeAll(() => {
    const build = [path.join(ROOT, 'scripts/native.mjs'), 'build', OTHER.name];
    execFileSync(process.execPath, build, { stdio: 'inherit' });
  }, BUILD_MS);

  it('is for that processor, and static', () => {
    const { machine, segments } = readElf(readFileSync(CLIENT));
    expect(machine).toBe(OTHER.machine);
    expect(segments.length).toBeGreaterThan(0);
    expect(segments.filter((type) => DYNAMIC.includes(type))).toEqual([]);
  });

  it.skipIf(noEmulator !== '')(`says its version${noEmulator}`, async () => {
    const box = sandbox();
    const { code, stdout, stderr } = await box.exec(OTHER.emulator, [CLIENT, '--version']);
    expect([code, stdout.toString(), stderr]).toEqual([0, `${version}\n`, '']);
  });

  it.skipIf(noEmulator !== '')(`calls a daemon that runs${noEmulator}`, async () => {
    const box = sandbox();
    const service = box.service();
    const first = await box.run(['call', service]);
    const { pid } = JSON.parse(first.stdout.toString()) as { pid: number };
    const args = ['a b', '', '--stdin', '--exit=9'];
    const input = 'x'.repeat(200_000);
    const call = [CLIENT, 'call', service, '--', ...args];
    // Without Node it can't hand over.
    const second = await box.exec(emulator(), call, { input, env: { PATH: '/nonexistent' } });
    expect([second.code, second.stderr]).toEqual([9, '']);
    expect(JSON.parse(second.stdout.toString())).toEqual({ args, pid, read: input });
    expect(box.spawns()).toEqual(['cold']);
  });

  it.skipIf(noEmulator !== '')(`starts a daemon by its launch file${noEmulator}`, async () => {
    const box = sandbox();
    const service = box.service();
    box.leaveLaunchFile(service);
    const call = [CLIENT, 'call', service, '--', 'a'];
    const { code, stdout, stderr } = await box.exec(emulator(), call, { env: { PATH: '/nonexistent' } });
    expect([code, stderr]).toEqual([0, '']);
    const { pid } = JSON.parse(stdout.toString()) as { pid: number };
    expect(box.daemons()).toEqual([pid]);
    expect(box.spawns()).toEqual(['cold']);
  });
});
