/**
 * What is published of the native client, in a project that has nothing else; and the same project without
 * it.
 */

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findNativeClient } from '../../src/app/environment/native-client.js';
import { BUILD_MS, hasCargo, LEFT_OUT } from './client.js';

const root = path.resolve(import.meta.dirname, '../..');
const HERE = `${process.platform}-${process.arch}`;
const DEPENDENCIES = Object.keys(
  (JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { dependencies: object })
    .dependencies,
);

let modules: string;
beforeEach(() => {
  modules = path.join(mkdtempSync(path.join(tmpdir(), 'solod-native-')), 'node_modules');
  mkdirSync(path.join(modules, '@solod'), { recursive: true });
});
afterEach(() => rmSync(path.dirname(modules), { recursive: true, force: true }));

const own = (...names: string[]): string => path.join(modules, ...names);

describe.skipIf(!hasCargo)(`the packages of a checkout${LEFT_OUT}`, () => {
  it(
    'find each other where npm puts them',
    () => {
      execFileSync(process.execPath, [path.join(root, 'scripts/native.mjs'), 'pack'], { stdio: 'pipe' });
      const packed = path.join(root, 'native/platform');
      cpSync(path.join(packed, 'solod'), own('solod'), { recursive: true });
      for (const name of DEPENDENCIES) {
        mkdirSync(path.dirname(own(name)), { recursive: true });
        symlinkSync(path.join(root, 'node_modules', name), own(name));
      }
      const { version, optionalDependencies } = JSON.parse(
        readFileSync(own('solod', 'package.json'), 'utf8'),
      ) as { version: string; optionalDependencies: Record<string, string> };
      expect(optionalDependencies[`@solod/client-${HERE}`]).toBe(version);

      const doctor = (): { kind: string; severity: string; where: string }[] => {
        const command = [own('solod/dist/solod.cjs'), 'doctor', '--json', '--state-dir', own('state')];
        const env = { ...process.env, NODE_OPTIONS: undefined };
        return JSON.parse(execFileSync(process.execPath, command, { encoding: 'utf8', env })).findings;
      };
      expect(doctor()).toContainEqual(
        expect.objectContaining({ kind: 'native-client-missing', severity: 'note' }),
      );

      cpSync(path.join(packed, `client-${HERE}`), own('@solod', `client-${HERE}`), { recursive: true });
      execFileSync('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], {
        cwd: own('@solod', `client-${HERE}`, 'bin'),
      });
      const client = own('@solod', `client-${HERE}`, 'bin/solod-client');
      expect(doctor()).toContainEqual(
        expect.objectContaining({ kind: 'native-client', severity: 'ok', where: client }),
      );
      // It leaves this to the command that it was installed with.
      const said = execFileSync(client, ['ls', '--json', '--state-dir', own('state')], { encoding: 'utf8' });
      expect(JSON.parse(said)).toEqual([]);
    },
    BUILD_MS,
  );
});

describe('the native client', () => {
  it('is the one that was installed beside', () => {
    mkdirSync(own('@solod/client-linux-arm64/bin'), { recursive: true });
    cpSync(path.join(root, 'LICENSE'), own('@solod/client-linux-arm64/bin/solod-client'));
    expect(findNativeClient('linux-arm64', own('solod/dist/solod.cjs'))).toEqual({
      kind: 'found',
      path: own('@solod/client-linux-arm64/bin/solod-client'),
    });
  });

  it('is missed only where there is one', () => {
    expect(findNativeClient('darwin-arm64')).toEqual({ kind: 'not-for-here' });
    expect(findNativeClient('linux-arm64', own('solod/dist/solod.cjs'))).toEqual({
      kind: 'missing',
      package: '@solod/client-linux-arm64',
    });
  });
});
