/** The table of places, derived by Node and by the native client from the same files. */

import { spawnSync } from 'node:child_process';
import { chmodSync, lchownSync, lutimesSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeFileSystem } from '../../../src/adapters/node/files/file-system.js';
import type { Look } from '../../../src/domain/place/trusted-path.js';
import { BUILD_MS, hasCargo, LEFT_OUT } from '../../native/client.js';
import { expected, SITUATIONS, stage, tellPlace } from './situation.js';

const isRoot = process.getuid?.() === 0;
const NOT_ROOT = isRoot ? '' : ' (skipped: only root makes files of other users)';

describe.skipIf(!isRoot)(`on a disk${NOT_ROOT}`, () => {
  let box = '';
  beforeAll(() => {
    box = mkdtempSync(path.join(tmpdir(), 'solod-places-'));
    for (const [n, situation] of SITUATIONS.entries()) {
      const top = path.join(box, String(n));
      stage(
        situation,
        (at, { owner, mode, link }) => {
          const real = top + at;
          if (link === undefined) {
            mkdirSync(real, { recursive: true });
            chmodSync(real, mode);
          } else symlinkSync(link, real);
          lchownSync(real, owner, owner);
        },
        (at, atMs) => lutimesSync(top + at, atMs / 1_000, atMs / 1_000),
      );
    }
  });
  afterAll(() => rmSync(box, { recursive: true, force: true }));

  /** The files of a situation, as if they were the whole file system. */
  const lookBelow = (top: string): Look => {
    const { inspect, readLink } = nodeFileSystem();
    return { inspect: (at) => inspect(top + at), readLink: (at) => readLink(top + at) };
  };

  it.each(SITUATIONS.map((situation, n) => ({ name: situation.name, situation, n })))(
    'by Node: $name',
    ({ situation, n }) => {
      expect(tellPlace(situation, lookBelow(path.join(box, String(n))))).toEqual(expected(situation));
    },
  );

  it.skipIf(!hasCargo)(
    `natively, all of them${LEFT_OUT}`,
    () => {
      const cwd = path.resolve(import.meta.dirname, '../../../native');
      const run = ['run', '--release', '--quiet', '--offline', '--locked', '--bin', 'places', '--', box];
      const input = JSON.stringify(SITUATIONS);
      const { stdout, stderr } = spawnSync('cargo', run, { cwd, input, encoding: 'utf8', timeout: BUILD_MS });
      expect(stderr).toBe('');
      const lines = stdout.trim().split('\n');
      const told = lines.map((line, n) => [SITUATIONS[n]?.name, JSON.parse(line)]);
      expect(told).toEqual(SITUATIONS.map((situation) => [situation.name, expected(situation)]));
    },
    BUILD_MS,
  );
});
